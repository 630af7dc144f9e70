// The whole, unslimmed socket.io-client from Node against a running server: connect, sync, send, send again, resync,
// a missed stretch, order under a burst, refusals. Whoever starts the server names it:
//   SHOPBELL_TEST_URL=http://127.0.0.1:8080 SHOPBELL_TEST_KEY=pk_… SHOPBELL_TEST_ORIGIN=http://… node --test test/protocol.mjs

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { io } from "socket.io-client";

const { SHOPBELL_TEST_URL: url, SHOPBELL_TEST_KEY: key, SHOPBELL_TEST_ORIGIN: origin } = process.env;
if (!url || !key || !origin) throw new Error("SHOPBELL_TEST_URL, SHOPBELL_TEST_KEY and SHOPBELL_TEST_ORIGIN name the server, the inbox and its shop");

const open = new Set();
after(() => open.forEach((socket) => socket.disconnect()));

/** A connected shopper that keeps every fact it hears. */
async function shopper(auth = {}, transports = ["websocket"]) {
  const socket = io(`${url}/shopper`, { auth: { key, ...auth }, transports, extraHeaders: { origin }, forceNew: true, reconnection: false });
  open.add(socket);
  const facts = [];
  for (const name of ["message_created", "message_read", "conversation_queued", "conversation_assigned", "hidden"])
    socket.on(name, (body) => facts.push({ fact: name, ...body }));
  await new Promise((resolve, reject) => {
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
  });
  const command = (name, body) => socket.timeout(10_000).emitWithAck(name, body);
  const ok = async (name, body) => {
    const answer = await command(name, body);
    assert.equal(answer.ok, true, `${name}: ${JSON.stringify(answer)}`);
    return answer;
  };
  return { socket, facts, command, ok };
}
const text = (words) => [{ type: "text", text: words }];
const said = (facts) => facts.filter((f) => f.fact === "message_created" && f.message.type === "incoming").map((f) => f.message.parts[0].text);
async function until(condition, what) {
  for (let i = 0; i < 200; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`never came: ${what}`);
}
const gapless = (facts, start) => facts.forEach((f, i) => assert.equal(f.seq, start + 1 + i));

test("connecting only authenticates; the first sync gives a token and no conversation", async () => {
  const { ok, command } = await shopper();
  const early = await command("send_message", { client_id: randomUUID(), text: "too early" });
  assert.deepEqual([early.ok, early.error.code], [false, "bad_request"]);
  const hello = await ok("sync", {});
  assert.match(hello.visitor.id, /^vis_[0-9a-f]{32}$/);
  assert.ok(hello.visitor.token);
  assert.deepEqual([hello.visitor.identified, hello.conversation, hello.facts, hello.complete], [false, null, [], true]);
  for (const field of ["name", "color", "locales", "online", "bot"]) assert.ok(field in hello.inbox, field);
});

test("a message is acked with its place and comes back as a fact, once; the same again gets the first ack", async () => {
  const { ok, command, facts } = await shopper();
  await ok("sync", {});
  const client_id = randomUUID();
  const first = await ok("send_message", { client_id, parts: text("Hello") });
  for (const field of ["conversation", "fact_id", "message_id", "seq", "epoch"]) assert.ok(field in first, field);
  await until(() => said(facts).length === 1, "the message");
  const again = await ok("send_message", { client_id, parts: text("Hello") });
  assert.deepEqual([again.message_id, again.seq, again.conversation], [first.message_id, first.seq, first.conversation]);
  const other = await command("send_message", { client_id, parts: text("Other words") });
  assert.deepEqual([other.ok, other.error.code], [false, "conflict"]);
  const page = await ok("sync", { conversation: first.conversation, epoch: first.epoch, after: 0 });
  assert.deepEqual(said(page.facts), ["Hello"]);
  assert.deepEqual(said(facts), ["Hello"]);
});

test("whoever comes back gets exactly what was missed", async () => {
  const one = await shopper();
  const { visitor } = await one.ok("sync", {});
  const sent = await one.ok("send_message", { client_id: randomUUID(), parts: text("one") });
  one.socket.disconnect();
  const two = await shopper({ visitor: visitor.token });
  const known = await two.ok("sync", {});
  assert.deepEqual([known.visitor.id, known.visitor.token, known.conversation.id], [visitor.id, undefined, sent.conversation]);
  await two.ok("send_message", { client_id: randomUUID(), parts: text("two") });
  await two.ok("send_message", { client_id: randomUUID(), parts: text("three") });
  const three = await shopper({ visitor: visitor.token });
  const missed = await three.ok("sync", { conversation: sent.conversation, epoch: sent.epoch, after: sent.seq });
  assert.deepEqual([missed.reset, missed.start, missed.complete], [false, sent.seq, true]);
  assert.deepEqual(said(missed.facts), ["two", "three"]);
  gapless(missed.facts, sent.seq);
  assert.equal(missed.facts.at(-1).seq, missed.conversation.seq);
  const strange = await three.ok("sync", { conversation: sent.conversation, epoch: sent.epoch + 1, after: sent.seq });
  assert.equal(strange.reset, true);
  assert.deepEqual(said(strange.facts), ["one", "two", "three"]);
  gapless(strange.facts, strange.start);
});

test("two tabs of one shopper hear the same facts in the same order", async () => {
  const one = await shopper();
  const { visitor } = await one.ok("sync", {});
  const { conversation } = await one.ok("send_message", { client_id: randomUUID(), parts: text("start") });
  const two = await shopper({ visitor: visitor.token });
  await two.ok("sync", { conversation });
  const before = one.facts.length;
  for (let i = 0; i < 6; i++) await (i % 2 ? one : two).ok("send_message", { client_id: randomUUID(), parts: text(`m${i}`) });
  await until(() => said(one.facts).length === 7 && said(two.facts).length === 6, "all messages in both tabs");
  assert.deepEqual(said(two.facts), ["m0", "m1", "m2", "m3", "m4", "m5"]);
  assert.deepEqual(said(one.facts.slice(before)), said(two.facts));
});

for (const transports of [["websocket"], ["polling"]])
  test(`messages sent without waiting keep their order over ${transports[0]}`, async () => {
    const { ok } = await shopper({}, transports);
    await ok("sync", {});
    const words = Array.from({ length: 8 }, (_, i) => `burst ${i}`);
    const acks = await Promise.all(words.map((w) => ok("send_message", { client_id: randomUUID(), parts: text(w) })));
    const seqs = acks.map((a) => a.seq);
    assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
    const page = await ok("sync", { conversation: acks[0].conversation });
    assert.deepEqual(said(page.facts), words);
    gapless(page.facts, page.start);
  });

test("what is malformed or not ours is refused with its code", async () => {
  const { ok, command } = await shopper();
  await ok("sync", {});
  const table = [
    ["send_message", { client_id: randomUUID(), parts: text("x"), more: 1 }, "bad_request"],
    ["send_message", { client_id: randomUUID() }, "bad_request"],
    ["send_message", { client_id: randomUUID(), parts: text("") }, "bad_request"],
    ["send_message", { client_id: randomUUID(), parts: text("x".repeat(4_001)) }, "bad_request"],
    ["send_message", { client_id: randomUUID(), parts: text("x"), conversation: `cnv_${"0".repeat(32)}` }, "not_found"],
    ["mark_read", { conversation: `cnv_${"0".repeat(32)}`, through: 1 }, "not_found"],
    ["accept_offer", { offer_id: `off_${"0".repeat(32)}` }, "not_found"],
    ["sync", { conversation: `cnv_${"0".repeat(32)}` }, "not_found"],
  ];
  for (const [name, body, code] of table) {
    const answer = await command(name, body);
    assert.deepEqual([answer.ok, answer.error?.code], [false, code], `${name} ${JSON.stringify(body).slice(0, 80)}`);
  }
});

test("a strange key is refused for good with its code; a strange page does not get as far as that", async () => {
  for (const [auth, from, code] of [[{ key: "pk_nobody" }, origin, 4003], [{ key }, "https://elsewhere.example", undefined]]) {
    const socket = io(`${url}/shopper`, { auth, transports: ["websocket"], extraHeaders: { origin: from }, forceNew: true, reconnection: false });
    open.add(socket);
    const error = await new Promise((resolve) => {
      socket.on("connect_error", resolve);
      socket.on("connect", () => resolve(null));
    });
    assert.ok(error);
    assert.equal(error.data?.code, code);
  }
});
