#!/usr/bin/env bash
# Plays the lab again and again, and stops at the first run that fails; docs/lab.md.
#
#   .ci/lab-repeat.sh [N [PATTERN]]      20 times, all scenarios (^TestLab)
#
# RACE=1 builds it with the race detector. A skip is a failure. The log of the run that
# failed is kept, and where it is said last.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-20} pattern=${2:-^TestLab}
export LAB_REQUIRED=1
dir=$(mktemp -d)
binary=$dir/isitdown.test
go test ${RACE:+-race} -c -o "$binary" ./cmd/isitdown
cd cmd/isitdown

times=()
for ((n = 1; n <= runs; n++)); do
  log=$dir/run-$n.log
  began=$EPOCHREALTIME ok=1
  "$binary" -test.run "$pattern" -test.v -test.timeout 15m >"$log" 2>&1 || ok=
  took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  passed=$(grep -cE '^ *--- PASS' "$log" || true)
  if [ -z "$ok" ] || [ "$passed" = 0 ] || grep -qE '^ *--- SKIP' "$log"; then
    grep -E '^ *--- (FAIL|SKIP)|^panic:' "$log" || tail -n 5 "$log"
    echo "run $n of $runs did not pass, after $took s; its log: $log"
    rm -f "$binary"
    exit 1
  fi
  echo "run $n of $runs: $passed passed in $took s"
  times+=("$took")
  rm "$log"
done
rm -r "$dir"
printf '%s\n' "${times[@]}" | sort -n | awk '{ t[NR] = $1; s += $1 }
  END { printf "%d runs without a failure: fastest %s s, median %s s, slowest %s s, %.0f s in all\n", NR, t[1], t[int((NR + 1) / 2)], t[NR], s }'
