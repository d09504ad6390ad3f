// Says what it hears: the test of what starts the others.
import { serve } from "./parent.mjs";

serve(process.argv.slice(2).join(" "), (line) => console.log(line));
