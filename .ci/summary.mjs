// Reads what `go test -json` writes, prints it as `go test` would (all of what a
// failed test said, one line for a package), and writes "N passed, N failed,
// N skipped" to the file it is given. Subtests count; a package that fails outside
// its tests, or does not build, counts as one failure. Exits 1 on any.
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";

const count = { pass: 0, fail: 0, skip: 0 };
const said = new Map(); // "package test" -> output
const broken = new Set(); // packages with a failed test

for await (const line of createInterface({ input: process.stdin })) {
  let event;
  try {
    event = JSON.parse(line);
  } catch {
    console.log(line); // the go command itself
    continue;
  }
  const { Action: action, Package: pkg, Test: test, Output: output } = event;
  const key = `${pkg} ${test ?? ""}`;
  if (action === "build-output") {
    process.stdout.write(output);
  } else if (action === "output") {
    if (!test && /^(ok|\?)/.test(output)) process.stdout.write(output);
    said.set(key, (said.get(key) ?? "") + output);
  } else if (action in count) {
    if (test) {
      count[action]++;
      if (action === "fail") broken.add(pkg);
    } else if (action === "fail" && !broken.has(pkg)) {
      count.fail++;
    }
    if (action === "fail" && said.has(key)) process.stdout.write(said.get(key));
    if (test && action === "skip") process.stdout.write(said.get(key).replace(/^=== .*\n/gm, ""));
    said.delete(key);
  }
}

writeFileSync(process.argv[2], `${count.pass} passed, ${count.fail} failed, ${count.skip} skipped\n`);
process.exit(count.fail > 0 ? 1 : 0);
