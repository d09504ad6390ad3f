// Slack's own receiver of commands, buttons and events: it says which requests it lets through. Arguments:
// a port and a signing secret. Standard output has one JSON line for each.
import bolt from "@slack/bolt";
import { serve } from "./parent.mjs";

const [port, signingSecret] = process.argv.slice(2);
const say = (kind, detail) => console.log(JSON.stringify({ kind, detail }));

const app = new bolt.App({
  signingSecret,
  logLevel: "error",
  authorize: async () => ({ botToken: "xoxb-bot", botId: "B1", botUserId: "U0BOT" }),
});
app.command(/.*/, async ({ command, ack }) => {
  say("command", `${command.command} ${command.text}`);
  await ack();
});
app.action(/.*/, async ({ action, ack }) => {
  say("action", action.value);
  await ack();
});
app.event(/.*/, async ({ event }) => say("event", event.type));

await app.start({ port: Number(port), host: "127.0.0.1" });
serve(`http://127.0.0.1:${port}/slack/events`);
