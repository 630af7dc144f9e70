// A shopper with the browser's own library: connects by one transport, says many things at once, and tells what came back.
// Asked by tests/contracts/test_node_client.py: `node client.mjs <url> <transport> <key> <count>`; prints one line of JSON.
import { createRequire } from "node:module";

const { io } = createRequire(new URL("../../widget/package.json", import.meta.url))("socket.io-client");
const [url, transport, key, count] = process.argv.slice(2);
const socket = io(`${url}/shopper`, { transports: [transport], auth: { key }, reconnection: false, forceNew: true });
const facts = [];
const seen = { transport: null, refused: null, acks: [], facts };

function done() {
  socket.close();
  process.stdout.write(JSON.stringify(seen) + "\n", () => process.exit(0));
}

const ask = (command, body) => new Promise((resolve) => socket.emit(command, body, resolve));

socket.on("connect_error", (error) => {
  seen.refused = error.data ?? { error: error.message };
  done();
});
socket.onAny((name, body) => {
  if (body && body.seq) facts.push({ fact: name, seq: body.seq, text: body.message?.parts[0].text ?? null });
});
socket.on("connect", async () => {
  seen.transport = socket.io.engine.transport.name;
  seen.hello = await ask("sync", {});
  const sending = [];
  for (let number = 0; number < Number(count); number++) {
    sending.push(ask("send_message", { client_id: `burst-${number}-${Date.now()}`, text: `Message ${number}` }));
  }
  seen.acks = await Promise.all(sending);
  const last = Math.max(0, ...seen.acks.map((ack) => ack.seq ?? 0));
  const until = Date.now() + 10_000;
  while (!facts.some((fact) => fact.seq === last) && last && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  seen.sync = await ask("sync", {});
  done();
});
setTimeout(() => {
  seen.refused = { error: "timeout" };
  done();
}, 40_000).unref();
