// A RIS Live made of the WebSocket server "ws": it grants every subscription, and sends the
// frames of a file, one a line, when the test says "play". Argument: the file.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";
import { serve } from "./parent.mjs";

const [file] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
const reply = (socket, type, data) => socket.send(JSON.stringify({ type, data }));

server.on("connection", (socket) =>
  socket.on("message", (raw) => {
    const { type, data } = JSON.parse(raw);
    if (type === "ris_subscribe") {
      const { socketOptions, ...subscription } = data;
      reply(socket, "ris_subscribe_ok", { subscription, socketOptions });
    } else if (type === "ping") reply(socket, "pong", data ?? null);
    else if (type === "request_rrc_list") reply(socket, "ris_rrc_list", []);
  }),
);

// Frames go no faster than they are read.
const play = async () => {
  for (const socket of server.clients) {
    for await (const frame of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      socket.send(frame);
      while (socket.bufferedAmount > 1 << 20) await new Promise((later) => setTimeout(later, 1));
    }
    socket.close(1000, "that is all");
  }
};

server.on("listening", () =>
  serve(`ws://127.0.0.1:${server.address().port}/v1/ws/`, (line) => line === "play" && play()),
);
