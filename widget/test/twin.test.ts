// The stateless calls that stand in for the socket: the same facts in the same order, the same refusals, and nothing that
// the reducer would not ask for again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { CommandFailed } from "../shared/failure.ts";
import type { Fact } from "../shared/wire.ts";
import { makeTwin } from "../shopper/fallback/twin.ts";
import { engine, SomeWebSocket, type Answer, type Call } from "./engine.mjs";

const random = Math.random;
test.beforeEach(() => void (Math.random = () => 0.01));
test.afterEach(() => void (Math.random = random));
Object.assign(globalThis, { WebSocket: SomeWebSocket, location: { href: "https://shop.example/" }, document: { title: "A shop" } });

const fact = (seq: number, conversation = "cnv_1", epoch = 1) => ({ fact: "hidden", conversation, epoch, seq, at: "" }) as Fact;
const inbox = { name: "Shop", color: "#000", locales: ["en"], online: true, promised_minutes: null, bot: "off" };

/** A server that holds `head` facts of one conversation, or none. */
async function scene(visitor?: string, probeMs?: number) {
  const server = await engine();
  const world = { head: 0, conversation: "cnv_1", status: 200, waits: true };
  const all = () => Array.from({ length: world.head }, (_, i) => fact(i + 1, world.conversation));
  const page = (after: number | null) => {
    const reset = after === null || after > world.head;
    return { epoch: 1, start: reset ? 0 : after, facts: all().slice(reset ? 0 : after), complete: true, reset };
  };
  server.script.http = async (call: Call): Promise<Answer> => {
    const url = new URL(call.url, server.url);
    if (world.status !== 200) return [world.status, { ok: false, error: { code: world.status === 401 ? "unauthenticated" : "unavailable", message: "" } }];
    if (url.pathname === "/v1/visits") return [200, { ok: true, visitor: "tok" }];
    if (!call.headers.authorization) return [401, { ok: false, error: { code: "unauthenticated", message: "" } }];
    if (url.pathname === "/v1/shopper/sync") {
      const { after } = call.body as { after?: number };
      const view = world.head ? { id: world.conversation, epoch: 1, seq: world.head, status: "bot", queue_position: 3 } : null;
      return [200, { ok: true, visitor: { id: "vis_1", identified: false }, inbox, conversation: view, ...page(after ?? null) }];
    }
    if (url.pathname === "/v1/conversations/current/facts") {
      if (!world.head) return [404, { ok: false, error: { code: "not_found", message: "" } }];
      const after = url.searchParams.has("after") ? Number(url.searchParams.get("after")) : null;
      for (let i = 0; i < 100 && world.waits && page(after).facts.length === 0; i++) await wait(10);
      return [200, { ok: true, ...page(after) }];
    }
    return [200, { ok: true, conversation: "cnv_1", fact_id: "f", seq: 1, epoch: 1, path: url.pathname, key: call.headers["idempotency-key"], body: call.body }];
  };
  const told: string[] = [];
  const facts: number[] = [];
  const twin = makeTwin({
    url: server.url, namespace: "/shopper", auth: () => ({ key: "pk", visitor, locale: "en" }), onState: () => {},
    onFact: (one) => facts.push(one.seq), onPassing: (name) => told.push(name),
    become: (state) => told.at(-1) !== state && told.push(state), stop: (code) => told.push(`stop ${code}`), back: () => told.push("back"),
  }, probeMs);
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 300 && !condition(); i++) await wait(10);
    assert.ok(condition(), `told: ${told.join(", ")}; facts: ${facts.join(", ")}`);
  };
  return { server, world, twin, told, facts, until, end: () => (twin.close(), server.end()) };
}
const refusal = (promise: Promise<unknown>) => promise.then(() => "done", (error: CommandFailed) => `${error.code}${error.transient ? ", again" : ""}`);

test("a browser without a token gets one first, and tells it with the sync as a socket would", async () => {
  const s = await scene();
  const answer = await s.twin.command<{ visitor: { token?: string } }>("sync", {});
  assert.equal(answer.visitor.token, "tok");
  assert.deepEqual(s.server.calls.slice(0, 2).map((call) => [call.url, call.headers.authorization]), [["/v1/visits", undefined], ["/v1/shopper/sync", "Bearer tok"]]);
  s.end();
});

test("facts come in order, each once, and a start elsewhere is shown by its last fact only", async () => {
  const s = await scene("mine");
  s.world.head = 2;
  await s.twin.command("sync", {});
  s.world.head = 3;
  await s.until(() => s.facts.length === 1);
  s.world.head = 5;
  await s.until(() => s.facts.length === 3);
  assert.deepEqual(s.facts, [3, 4, 5]);
  Object.assign(s.world, { head: 2, conversation: "cnv_2" });
  await s.until(() => s.facts.length === 4);
  assert.deepEqual(s.facts, [3, 4, 5, 2]);
  assert.equal(s.server.calls.some((call) => call.url === "/v1/visits"), false);
  s.end();
});

test("without news it looks at what has no place in the count", async () => {
  const s = await scene("mine");
  Object.assign(s.world, { head: 1, waits: false });
  await s.twin.command("sync", {});
  await s.until(() => s.told.includes("queue_moved"));
  assert.deepEqual(s.told, ["online", "inbox_changed", "queue_moved"]);
  assert.deepEqual(s.facts, []);
  s.end();
});

test("commands go to their own addresses with a key that a repeat carries again", async () => {
  const s = await scene("mine");
  const sent = await s.twin.command<Record<string, unknown>>("send_message", { client_id: "c-1", parts: [] }, "c-1");
  assert.deepEqual([sent.path, sent.key, sent.body], ["/v1/conversations/current/messages", "c-1", { parts: [] }]);
  const there = await s.twin.command<Record<string, unknown>>("send_message", { client_id: "c-2", text: "x", conversation: "cnv_9" });
  assert.deepEqual([there.path, there.key, there.body], ["/v1/conversations/cnv_9/messages", "c-2", { text: "x" }]);
  const rated = await s.twin.command<Record<string, unknown>>("rate", { conversation: "cnv_1", score: 5 }, "key-7");
  assert.deepEqual([rated.path, rated.key, rated.body], ["/v1/shopper/rate", "key-7", { conversation: "cnv_1", score: 5 }]);
  s.end();
});

test("a server that is away or says 503 is waited for; a token that is not good ends it", async () => {
  const s = await scene("mine");
  s.world.head = 1;
  await s.twin.command("sync", {});
  s.world.status = 503;
  s.world.head = 2;
  assert.equal(await refusal(s.twin.command("rate", {})), "unavailable, again");
  await s.until(() => s.told.at(-1) === "offline" || s.facts.length === 1);
  s.world.status = 200;
  s.world.head = 3;
  await s.until(() => s.facts.at(-1) === 3 && (s.told.at(-1) === "online" || !s.told.includes("offline")));
  s.world.status = 401;
  assert.equal(await refusal(s.twin.command("rate", {})), "unavailable, again");
  assert.ok(s.told.includes("stop 4003"));
  s.end();
});

test("closed, it asks for nothing more", async () => {
  const s = await scene("mine");
  s.world.head = 1;
  await s.twin.command("sync", {});
  await wait(30);
  s.twin.close();
  const before = s.server.calls.length;
  await wait(100);
  assert.equal(s.server.calls.length, before);
  s.end();
});

test("looks again and again, less and less often, whether a WebSocket opens; then steps back", async () => {
  const s = await scene("mine", 40);
  s.server.script.upgrades = false;
  await s.until(() => s.server.dials.length === 2);
  assert.equal(s.told.includes("back"), false);
  s.server.script.upgrades = true;
  await s.until(() => s.told.includes("back"));
  const before = s.server.calls.length;
  await wait(200);
  assert.deepEqual([s.server.dials.length, s.server.calls.length], [3, before]);
  s.end();
});
