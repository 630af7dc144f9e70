// The link: comes back by itself, honours what the server says when it closes or refuses, and where no WebSocket opens
// goes on to long polling or to stateless calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { connect, type Fallback, type LinkState, type TwinHost } from "../shared/socket.ts";
import type { Passing } from "../shared/wire.ts";
import { engine, type Engine } from "./engine.mjs";

/** Jitter at its least, so that a test need not wait; what the server asks for stays. */
const random = Math.random;
test.beforeEach(() => void (Math.random = () => 0.01));
test.afterEach(() => void (Math.random = random));

async function scene(script: Partial<Engine["script"]> = {}, fallback?: () => Promise<Fallback>) {
  const server = await engine();
  Object.assign(server.script, script);
  const states: string[] = [];
  const heard: string[] = [];
  const link = connect({
    url: server.url, namespace: "/shopper", auth: () => ({ key: "k" }), ...(fallback && { fallback }),
    onState: (state: LinkState, code: number) => states.push(code ? `${state} ${code}` : state),
    onFact: (fact) => heard.push(`${fact.fact} ${fact.seq}`),
    onPassing: <K extends keyof Passing>(name: K) => heard.push(name),
  });
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 300 && !condition(); i++) await wait(10);
    assert.ok(condition(), `states: ${states.join(", ")}`);
  };
  link.open();
  return { server, link, states, heard, until, end: () => (link.close(), server.end()) };
}

test("passes facts and passing events on, and a command's answer back", async () => {
  const s = await scene({ command: (name, body) => ({ ok: true, name, body }) });
  await s.until(() => s.link.state === "online");
  assert.deepEqual(await s.link.command("sync", { a: 1 }), { ok: true, name: "sync", body: { a: 1 } });
  s.server.tell("message_created", { seq: 4 });
  s.server.tell("hidden", { seq: 5 });
  s.server.tell("heads", { heads: {} });
  await s.until(() => s.heard.length === 3);
  assert.deepEqual(s.heard, ["message_created 4", "hidden 5", "heads"]);
  s.end();
});

test("comes back after a cut; what was under way fails as transient, at once", async () => {
  const s = await scene({ command: () => null });
  await s.until(() => s.link.state === "online");
  const under = s.link.command("send_message", {}).catch((error: { code: string; transient: boolean }) => [error.code, error.transient]);
  await wait(20);
  s.server.cut();
  assert.deepEqual(await under, ["unavailable", true]);
  await s.until(() => s.states.length === 5);
  assert.deepEqual(s.states, ["connecting", "online", "offline", "connecting", "online"]);
  s.end();
});

for (const code of [4001, 4008, 4010])
  test(`closed with ${code}: comes back, and says why until it is back`, async () => {
    const s = await scene();
    await s.until(() => s.link.state === "online");
    s.server.tell("closing", { code, retry: true });
    await wait(20);
    s.server.cut();
    await s.until(() => s.states.length === 5);
    assert.deepEqual(s.states, ["connecting", "online", `offline ${code}`, `connecting ${code}`, "online"]);
    s.end();
  });

for (const [code, retry] of [[4003, true], [4004, true], [4001, false]] as const)
  test(`closed with ${code}${retry ? "" : " and told not to come back"}: stays away`, async () => {
    const s = await scene();
    await s.until(() => s.link.state === "online");
    s.server.tell("closing", { code, retry });
    await s.until(() => s.link.state === "stopped");
    await wait(100);
    assert.deepEqual([s.states.at(-1), s.server.dials.length], [`stopped ${code}`, 1]);
    s.link.open();
    await s.until(() => s.link.state === "online");
    s.end();
  });

test("refused for good at the door: one try; refused for now: not before the time it was told", async () => {
  const never = await scene({ greet: () => ({ code: 4003, error: { code: "unauthenticated", message: "" } }) });
  await never.until(() => never.link.state === "stopped");
  await wait(100);
  assert.deepEqual([never.states.at(-1), never.server.dials.length], ["stopped 4003", 1]);
  never.end();
  let full = true;
  const later = await scene({ greet: () => (full ? { code: 4029, error: { code: "rate_limited", message: "", retry_after_ms: 300 } } : null) });
  await later.until(() => later.link.state === "offline");
  full = false;
  await later.until(() => later.link.state === "online");
  const [first, second] = later.server.dials;
  assert.ok(second! - first! >= 300, `${second! - first!} ms`);
  later.end();
});

test("told a place in a line again and again: its waits stay as short as the server says", async () => {
  Math.random = () => 0.1;
  let left = 6;
  const s = await scene({ greet: () => (left-- > 0 ? { code: 4029, error: { code: "rate_limited", message: "", retry_after_ms: 20 } } : null) });
  await s.until(() => s.link.state === "online");
  const waits = s.server.dials.slice(1).map((at, i) => at - s.server.dials[i]!);
  assert.ok(waits.length === 6 && waits.every((ms) => ms >= 120 && ms < 800), `${waits} ms`);
  s.end();
});

test("drained: works on until its time, leaves by itself, comes back", async () => {
  const s = await scene();
  await s.until(() => s.link.state === "online");
  s.server.tell("drain", { in_ms: 150 });
  await s.until(() => s.link.state === "draining");
  assert.deepEqual(await s.link.command("send_message", {}), { ok: true });
  await s.until(() => s.states.length === 6);
  assert.deepEqual(s.states, ["connecting", "online", "draining", "offline", "connecting", "online"]);
  s.end();
});

test("two WebSockets that do not open: long polling is fetched and tried, and where it is refused the calls take over", async () => {
  let host: TwinHost | undefined;
  let asked = 0;
  let closed = 0;
  const done: string[] = [];
  const fallback = async (): Promise<Fallback> => {
    asked++;
    return {
      addPolling: () => {},
      makeTwin(given) {
        host = given;
        queueMicrotask(() => given.become("online"));
        return { close: () => closed++, command: async <T,>(name: string, _body: object, key?: string) => (done.push(`${name} ${key}`), { ok: true } as T & { ok: true }) };
      },
    };
  };
  const s = await scene({ upgrades: false }, fallback);
  await s.until(() => s.link.state === "online");
  assert.deepEqual([asked, s.server.dials.length, s.server.calls.map((call) => new URL(call.url, s.server.url).searchParams.get("transport"))], [1, 2, ["polling"]]);
  await s.link.command("rate", {}, "key-1");
  assert.deepEqual(done, ["rate key-1"]);
  s.server.script.upgrades = true;
  host!.back();
  await s.until(() => s.states.at(-1) === "online" && s.server.dials.length === 3);
  s.server.script.upgrades = false;
  s.server.cut();
  await s.until(() => s.server.calls.length === 2 && s.link.state === "online");
  assert.deepEqual([asked, closed], [1, 0]);
  s.link.close();
  assert.deepEqual([closed, s.link.state], [1, "offline"]);
  s.end();
});

test("a server that is down, or says 503, is no reason for the calls", async () => {
  const none = await scene({ upgrades: false }, () => Promise.reject(new Error("gone")));
  await none.until(() => none.server.dials.length >= 4);
  none.end();
  const busy = await scene({ upgrades: false, http: () => [503, "busy"] }, async () => ({ addPolling: () => {}, makeTwin: () => assert.fail("not the time") }));
  await busy.until(() => busy.server.calls.length >= 2);
  busy.server.script.upgrades = true;
  await busy.until(() => busy.link.state === "online");
  busy.end();
});
