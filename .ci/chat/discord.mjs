// A Discord to talk to: discord-digital-twin with a guild, two channels and a person. The
// test says a JSON object a line, {"do": ..., ...}, and gets one back a line.
import { DigitalDiscord } from "discord-digital-twin";
import { serve } from "./parent.mjs";

const twin = new DigitalDiscord({
  guild: { name: "Newsroom" },
  channels: [
    { name: "outages", type: 0 },
    { name: "elsewhere", type: 0 },
  ],
  users: [{ username: "kim" }],
  botUser: { username: "isitdown" },
  botToken: "twin-token",
});
await twin.start();
// Every thread that it makes has an id of its own, where Discord gives it that of the
// message; both are found in what is listed here.
const channels = await twin.prisma.channel.findMany({ orderBy: { id: "asc" } });
const user = await twin.getFirstNonBotUserId();

const where = (o) => ({ channelId: o.channel, userId: o.user ?? user });

const deeds = {
  slash: (o) => twin.simulateSlashCommand({ ...where(o), name: o.name, options: o.options }),
  complete: (o) =>
    twin.simulateInteraction({ type: 4, ...where(o), data: { id: "1", type: 1, name: o.name, options: o.options } }),
  press: (o) => twin.simulateButtonClick({ ...where(o), messageId: o.message, customId: o.custom }),
  messages: async (o) =>
    (await twin.channel(o.channel).getMessages()).map((m) => ({ ...m, content: m.content ?? "" })),
  threads: async (o) =>
    (await twin.prisma.channel.findMany({ where: { parentId: o.channel } })).map((c) => ({
      id: c.id,
      name: c.name,
      root: c.starterMessageId,
    })),
  answer: async (o) => {
    const r = await twin.prisma.interactionResponse.findUnique({ where: { interactionId: o.id } });
    return { acknowledged: r.acknowledged, type: r.type, message: r.messageId, data: r.data ? JSON.parse(r.data) : null };
  },
  commands: async () => (await twin.prisma.applicationCommand.findMany()).map((c) => c.name),
  deleteMessage: async (o) => {
    await twin.simulateUserMessageDelete({ messageId: o.message, channelId: o.channel });
    return {};
  },
  deleteChannel: async (o) => {
    const c = await twin.prisma.channel.delete({ where: { id: o.channel } });
    twin.server.gateway.broadcast("CHANNEL_DELETE", { id: c.id, type: c.type, guild_id: c.guildId });
    return {};
  },
  deleteThread: async (o) => {
    await twin.prisma.channel.delete({ where: { id: o.channel } });
    return {};
  },
  // Whatever else the gateway can say.
  dispatch: (o) => {
    twin.server.gateway.broadcast(o.event, o.data);
    return {};
  },
  raw: (o) => {
    for (const c of twin.server.gateway.clients) c.ws.send(o.text);
    return {};
  },
  hangUp: (o) => {
    for (const c of [...twin.server.gateway.clients]) o.code ? c.ws.close(o.code, "test") : c.ws.terminate();
    return {};
  },
  // From now on no heartbeat is acknowledged.
  deaf: (o) => {
    twin.server.gateway.sendHeartbeatAck = o.on ? () => {} : Object.getPrototypeOf(twin.server.gateway).sendHeartbeatAck;
    return {};
  },
  connected: () => ({ count: twin.server.gateway.clients.filter((c) => c.identified).length }),
};

let turn = Promise.resolve();
serve(
  JSON.stringify({
    url: twin.restUrl.replace(/\/api$/, ""),
    token: twin.botToken,
    bot: twin.botUserId,
    guild: twin.guildId,
    channels: channels.map((c) => c.id),
    user,
  }),
  (line) => {
    turn = turn.then(async () => {
      try {
        const o = JSON.parse(line);
        console.log(JSON.stringify({ ok: await deeds[o.do](o) }));
      } catch (err) {
        console.log(JSON.stringify({ error: String(err?.stack ?? err) }));
      }
    });
  },
);
