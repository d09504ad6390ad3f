// Slack's Web API with state, for one workspace; https://emulate.dev. The arguments are a port and
// the addresses that an installation may end at; the line "ready" carries the address of the API
// as JSON. It answers to localhost, not to 127.0.0.1.
import { createEmulator } from "emulate";
import { serve } from "./parent.mjs";

const scopes = ["commands", "chat:write", "files:write", "channels:read", "groups:read", "users:read"];
const everything = [
  ...scopes, "channels:history", "groups:history", "channels:manage", "groups:write", "files:read", "channels:join", "channels:write",
];

const emulator = await createEmulator({
  service: "slack",
  port: Number(process.argv[2]),
  baseUrl: `http://localhost:${process.argv[2]}`,
  seed: {
    slack: {
      team: { name: "Newsroom", domain: "newsroom" },
      users: [
        { name: "isitdown", real_name: "isitdown" },
        { name: "ana", real_name: "Ana", is_admin: true },
      ],
      channels: [{ name: "outages" }, { name: "desk", is_private: true }],
      tokens: [
        { token: "xoxb-bot", type: "bot", user: "isitdown", scopes },
        { token: "xoxb-narrow", type: "bot", user: "isitdown", scopes: ["chat:write", "channels:read"] },
        { token: "xoxp-ana", type: "user", user: "ana", scopes: everything },
      ],
      oauth_apps: [
        {
          client_id: "12345.67890", client_secret: "a-client-secret", app_id: "A000000001", name: "isitdown",
          redirect_uris: process.argv.slice(3), scopes,
        },
      ],
      signing_secret: "8f742231b10e8888abcd99yyyzzz85a5",
      strict_scopes: true,
    },
  },
});

serve(JSON.stringify({ url: `${emulator.url}/api/` }));
