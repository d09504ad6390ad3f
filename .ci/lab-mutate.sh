#!/usr/bin/env bash
# Breaks one rule of the program at a time, in a copy, and shows which scenarios of the
# lab notice; docs/lab.md.
#
#   .ci/lab-mutate.sh [NAME...]      those of .ci/mutations, or the named ones
#
# What is tried is the last commit. Fails where a patch does not apply any more, where the
# scenarios do not pass as they are, and where no scenario notices.
set -euo pipefail
cd "$(dirname "$0")/.."

pattern=${PATTERN:-^TestLab\$}
export LAB_REQUIRED=1
patches=$PWD/.ci/mutations
dir=$(mktemp -d)
copy=$dir/copy
trap 'git worktree remove --force "$copy" 2>/dev/null || true; rm -rf "$dir"' EXIT
git worktree add --quiet --detach "$copy" HEAD

names=("$@")
[ $# -gt 0 ] || for p in "$patches"/*.patch; do names+=("$(basename "$p" .patch)"); done
for name in "${names[@]}"; do # all of them first: a run takes minutes
  git -C "$copy" apply --check "$patches/$name.patch" || { echo "$name: the patch does not apply: make it anew"; exit 1; }
done

# scenarios lists those that failed, each with the feeds by which the program said something
# else; without any where the scenario itself failed, or the feeds differ.
scenarios() {
  sed -nE 's/^[ |]*--- FAIL: [^/ ]*\/([^/ ]*)\/?([^/ ]*).*/\1 \2/p' | sort -uV |
    awk '!($1 in by) { order[++n] = $1; by[$1] = "" } $2 { by[$1] = by[$1] (by[$1] ? "," : ":") $2 }
      END { for (k = 1; k <= n; k++) printf("%s%s%s", (k > 1 ? " " : ""), order[k], by[order[k]]) }'
}

# play runs the scenarios of the copy and lists those that fail.
play() {
  (cd "$copy" && go test -c -o "$dir/isitdown.test" ./cmd/isitdown) || { echo "$1 does not build"; exit 1; }
  failed=
  if ! (cd "$copy/cmd/isitdown" && "$dir/isitdown.test" -test.run "$pattern" -test.v -test.timeout 15m) >"$dir/$1.log" 2>&1; then
    failed=$(scenarios <"$dir/$1.log")
    failed=${failed:-"(it broke off: $(tail -n 1 "$dir/$1.log"))"}
  elif ! grep -qE '^ *--- PASS' "$dir/$1.log"; then
    echo "no scenario was run"
    exit 1
  fi
}

play as-it-is
[ -z "$failed" ] || { echo "without any mutation these fail: $failed"; grep -vE '^=== ' "$dir/as-it-is.log" | tail -n 40; exit 1; }

missed=0
for name in "${names[@]}"; do
  git -C "$copy" checkout --quiet --force .
  git -C "$copy" apply "$patches/$name.patch"
  play "$name"
  printf '%-12s %s\n' "$name" "$(head -n 1 "$patches/$name.patch")"
  printf '%12s %s\n' '' "${failed:-NO SCENARIO NOTICES}"
  [ -n "$failed" ] || missed=1
done
exit "$missed"
