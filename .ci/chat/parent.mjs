// What every script here has in common: it tells the test that it can be talked
// to, and it ends when the test does.
import { createInterface } from "node:readline";

// serve says "ready TEXT", calls heard with every line of standard input, and ends
// the process with the last.
export function serve(text, heard = () => {}) {
  const input = createInterface({ input: process.stdin });
  input.on("line", heard);
  input.on("close", () => process.exit(0));
  console.log(`ready ${text}`);
}
