// The outbox: kept before shown, one at a time and in order, retried or ended, and harmless with several tabs.

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { CommandFailed } from "../shared/failure.ts";
import type { Durable, ErrorCode } from "../shared/wire.ts";
import { makeOutbox } from "../shopper/app/outbox.ts";
import { memoryStore, openStore, type Entry, type Store } from "../shopper/app/store.ts";

const entry = (client_id: string): Entry => ({ client_id, command: "send_message", body: { client_id, parts: [] }, at: "2026-11-20T09:00:00.000Z" });
const failed = (code: ErrorCode, retry_after_ms = 0) => new CommandFailed({ code, message: code, retry_after_ms });
let made = 0;

async function scene(answers: (CommandFailed | number)[] = [], store?: Store) {
  const name = `test-${++made}`;
  const kept = store ?? (await openStore(name));
  const sent: string[] = [];
  const acked: string[] = [];
  const seen: string[][] = [];
  let online = true;
  let atOnce = 0;
  let most = 0;
  const outbox = makeOutbox({
    name, store: kept, ready: () => online,
    async send(one) {
      most = Math.max(most, ++atOnce);
      sent.push(one.client_id);
      await wait(3);
      atOnce--;
      const answer = answers.shift();
      if (answer instanceof CommandFailed) throw answer;
      return { conversation: "cnv_1", fact_id: "f", seq: 1, epoch: 1 } satisfies Durable;
    },
    changed: (entries, sending) => seen.push(entries.map((e) => (e.failed ? `${e.client_id}!${e.failed}` : e.client_id === sending ? `${e.client_id}>` : e.client_id))),
    acked: (one) => acked.push(one.client_id),
  });
  return { name, kept, outbox, sent, acked, seen, most: () => most, network: (on: boolean) => (online = on) };
}
const settle = () => wait(120);

test("an entry is on disk before anyone hears of it", async () => {
  const s = await scene();
  s.network(false);
  await s.outbox.add(entry("1"));
  assert.deepEqual(s.seen, [["1"]]);
  assert.deepEqual((await (await openStore(s.name)).all()).map((e) => e.client_id), ["1"]);
  assert.deepEqual(s.sent, []);
  await s.outbox.stop(true);
});

test("a burst is sent one at a time, in the order of making, and leaves nothing", async () => {
  const s = await scene();
  await Promise.all(["1", "2", "3", "4", "5"].map((id) => s.outbox.add(entry(id))));
  await settle();
  assert.deepEqual([s.sent, s.acked, s.most()], [["1", "2", "3", "4", "5"], ["1", "2", "3", "4", "5"], 1]);
  assert.deepEqual(await s.kept.all(), []);
  await s.outbox.stop();
});

test("a refusal for good ends that entry with its reason and does not hold up the next", async () => {
  const s = await scene([failed("too_large")]);
  await s.outbox.add(entry("1"));
  await s.outbox.add(entry("2"));
  await settle();
  assert.deepEqual([s.sent, s.acked, s.seen.at(-1)], [["1", "2"], ["2"], ["1!too_large"]]);
  await s.outbox.retry((await s.kept.all())[0]!);
  await settle();
  assert.deepEqual([s.sent.at(-1), s.acked.at(-1), await s.kept.all()], ["1", "1", []]);
  await s.outbox.stop();
});

test("a deleted failure is gone", async () => {
  const s = await scene([failed("conflict")]);
  await s.outbox.add(entry("1"));
  await settle();
  await s.outbox.drop("1");
  assert.deepEqual([await s.kept.all(), s.seen.at(-1)], [[], []]);
  await s.outbox.stop();
});

test("a passing failure is tried again with the same id, later", async () => {
  const random = Math.random;
  Math.random = () => 0.01;
  const s = await scene([failed("unavailable"), failed("rate_limited", 20)]);
  await s.outbox.add(entry("1"));
  await s.outbox.add(entry("2"));
  await settle();
  Math.random = random;
  assert.deepEqual([s.sent, s.acked], [["1", "1", "1", "2"], ["1", "2"]]);
  await s.outbox.stop();
});

test("what another life left behind is sent at the next start", async () => {
  const first = await scene();
  first.network(false);
  await first.outbox.add(entry("1"));
  await first.outbox.stop();
  const second = await scene([], await openStore(first.name));
  await second.outbox.drain();
  assert.deepEqual([second.acked, await second.kept.all()], [["1"], []]);
  await second.outbox.stop();
});

test("memory takes over where storage is refused, and says so", async () => {
  const s = await scene([], memoryStore());
  assert.equal(s.kept.saved, false);
  await s.outbox.add(entry("1"));
  await settle();
  assert.deepEqual([s.acked, await s.kept.all()], [["1"], []]);
});

test("what the disk refuses later is kept in memory, sent all the same, and the state says so", async () => {
  const s = await scene();
  s.network(false);
  await s.outbox.add(entry("1"));
  const real = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  await s.outbox.add(entry("2"));
  IDBObjectStore.prototype.put = real;
  assert.deepEqual([s.kept.saved, (await s.kept.all()).map((e) => e.client_id)], [false, ["1", "2"]]);
  s.network(true);
  await s.outbox.drain();
  assert.deepEqual([s.sent, await s.kept.all()], [["1", "2"], []]);
  await s.outbox.stop();
});

test("a disk that cannot be read any more does not make what waits look sent", async () => {
  const s = await scene();
  s.network(false);
  await s.outbox.add(entry("1"));
  const real = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = () => {
    throw new DOMException("closing", "InvalidStateError");
  };
  assert.deepEqual([(await s.outbox.look()).map((e) => e.client_id), s.kept.saved], [["1"], false]);
  s.network(true);
  await s.outbox.drain();
  IDBDatabase.prototype.transaction = real;
  assert.deepEqual(s.acked, ["1"]);
  await s.outbox.stop();
});

test("the server's time to wait is kept also when something new is written", async () => {
  const s = await scene([failed("rate_limited", 400)]);
  await s.outbox.add(entry("1"));
  await settle();
  await s.outbox.add(entry("2"));
  await settle();
  assert.deepEqual(s.sent, ["1"]);
  await s.outbox.stop();
});

test("a connection that goes while the store is read takes nothing with it", async () => {
  const s = await scene();
  let asked = 0;
  s.network(true);
  const all = s.kept.all;
  (s.kept as { all: Store["all"] }).all = async () => {
    if (++asked === 2) s.network(false);
    return all();
  };
  await s.kept.put(entry("1"));
  await s.outbox.drain();
  assert.deepEqual([s.sent, s.seen.at(-1)], [[], ["1"]]);
  await s.outbox.stop();
});
