// The reducer's tables: order, gaps, duplicates, resets, hidden facts, bubbles, markers, offers.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applyFact, applyPage, applyTyping, applyView, behind, detach, dropOutgoing, emptyThread, newestFrom, putOutgoing, type Outgoing, type Thread,
} from "../shared/conversation.ts";
import type { Fact, FactBody, Message } from "../shared/wire.ts";

const begun: Thread = { ...emptyThread, id: "cnv_1", epoch: 1, status: "bot" };
const fact = (seq: number, body: FactBody, more: Partial<Fact> = {}): Fact =>
  ({ conversation: "cnv_1", epoch: 1, seq, at: "2026-11-20T09:00:00.000Z", ...body, ...more }) as Fact;
const message = (client_id: string, type: Message["type"] = "incoming"): FactBody => ({
  fact: "message_created",
  message: {
    id: `msg_${client_id}`, client_id, type, sender: { kind: type === "incoming" ? "visitor" : "agent", id: "x", name: "Agent" },
    parts: [{ type: "text", text: client_id }], created_at: "2026-11-20T09:00:00.000Z",
  },
});
const bubble = (client_id: string, state: Outgoing["state"] = "queued"): Outgoing => ({ client_id, parts: [], at: "2026-11-20T09:00:00.000Z", state });
const ids = (thread: Thread) => thread.items.map((i) => (i.kind === "message" ? i.message.client_id : i.fact.fact));
const run = (thread: Thread, ...facts: Fact[]) => facts.reduce((t, f) => applyFact(t, f)[0], thread);

test("only the next fact is applied", async (t) => {
  const at3 = run(begun, fact(1, message("a")), fact(2, message("b")), fact(3, message("c")));
  const table: [string, Fact, string][] = [
    ["the next one", fact(4, message("d")), "applied"],
    ["the same again", fact(3, message("c")), "old"],
    ["an older one", fact(1, message("a")), "old"],
    ["one too far", fact(5, message("e")), "gap"],
    ["another conversation", fact(4, message("d"), { conversation: "cnv_2" }), "other"],
    ["another epoch", fact(4, message("d"), { epoch: 2 }), "other"],
  ];
  for (const [name, given, expected] of table)
    await t.test(name, () => {
      const [next, verdict] = applyFact(at3, given);
      assert.equal(verdict, expected);
      if (verdict !== "applied") assert.equal(next, at3);
      else assert.deepEqual([next.last, ids(next)], [4, ["a", "b", "c", "d"]]);
    });
});

test("a hidden fact moves the count and shows nothing", () => {
  const next = run(begun, fact(1, message("a")), fact(2, { fact: "hidden" }), fact(3, message("b")));
  assert.deepEqual([next.last, ids(next)], [3, ["a", "b"]]);
});

test("any shuffle of duplicates gives the same items, once each", () => {
  const facts = [1, 2, 3, 4, 5].map((n) => fact(n, message(`m${n}`)));
  const noisy = [facts[0]!, facts[0]!, facts[2]!, facts[1]!, facts[1]!, facts[4]!, facts[2]!, facts[0]!, facts[3]!, facts[4]!];
  const next = run(begun, ...noisy);
  assert.deepEqual(ids(next), ["m1", "m2", "m3", "m4", "m5"]);
});

test("a bubble disappears when its fact arrives, before or after its ack", () => {
  let thread = putOutgoing(begun, bubble("a", "sending"));
  thread = putOutgoing(thread, bubble("a", "sent"));
  assert.equal(thread.outgoing.length, 1);
  thread = run(thread, fact(1, message("a")));
  assert.deepEqual([thread.outgoing, ids(thread)], [[], ["a"]]);
  thread = putOutgoing(thread, bubble("a", "sent"));
  assert.deepEqual(thread.outgoing, [], "a late ack brings no second bubble");
});

test("bubbles keep the order of their making, whatever their state", () => {
  let thread = putOutgoing(putOutgoing(begun, bubble("2")), bubble("1"));
  thread = putOutgoing(thread, bubble("2", "failed"));
  assert.deepEqual(thread.outgoing.map((o) => [o.client_id, o.state]), [["1", "queued"], ["2", "failed"]]);
  assert.deepEqual(dropOutgoing(thread, "1").outgoing.map((o) => o.client_id), ["2"]);
});

test("a page after the cursor is appended, an overlapping one says nothing twice", () => {
  const thread = run(begun, fact(1, message("a")), fact(2, message("b")));
  const page = { epoch: 1, start: 1, facts: [fact(2, message("b")), fact(3, message("c"))], complete: true, reset: false };
  const { thread: next, complete } = applyPage(thread, "cnv_1", page);
  assert.deepEqual([complete, next.last, ids(next)], [true, 3, ["a", "b", "c"]]);
});

test("a page with a hole stops before it and asks for more", () => {
  const page = { epoch: 1, start: 0, facts: [fact(1, message("a")), fact(3, message("c"))], complete: true, reset: false };
  const { thread, complete } = applyPage(begun, "cnv_1", page);
  assert.deepEqual([complete, ids(thread)], [false, ["a"]]);
});

test("a reset starts anew and keeps the bubbles that are under way", () => {
  let thread = run(begun, fact(1, message("a")), fact(2, message("b")));
  thread = putOutgoing(putOutgoing(thread, bubble("x")), bubble("z"));
  const facts = [fact(41, message("p"), { epoch: 2 }), fact(42, message("x"), { epoch: 2 })];
  const { thread: next, complete } = applyPage(thread, "cnv_1", { epoch: 2, start: 40, facts, complete: true, reset: true });
  assert.deepEqual([complete, next.epoch, next.start, next.last, ids(next)], [true, 2, 40, 42, ["p", "x"]]);
  assert.deepEqual(next.outgoing.map((o) => o.client_id), ["z"]);
});

test("facts of a strange epoch without reset are not applied", () => {
  const thread = run(begun, fact(1, message("a")));
  const { thread: next, complete } = applyPage(thread, "cnv_1", { epoch: 2, start: 1, facts: [fact(2, message("b"), { epoch: 2 })], complete: true, reset: false });
  assert.deepEqual([complete, next], [false, thread]);
});

test("what happens to the conversation is folded into its state", () => {
  let thread = run(begun, fact(1, { fact: "conversation_queued", reason: "asked", promised_minutes: 120 }));
  assert.deepEqual([thread.status, thread.promisedMinutes], ["queued", 120]);
  thread = run({ ...thread, queuePosition: 2 }, fact(2, { fact: "conversation_assigned", agent: { id: "agt_1", name: "Agent" }, by: null }));
  assert.deepEqual([thread.status, thread.assignee?.name, thread.queuePosition], ["assigned", "Agent", null]);
  thread = run(thread, fact(3, { fact: "conversation_returned", by: null }));
  assert.deepEqual([thread.status, thread.assignee], ["bot", null]);
  thread = run(thread, fact(4, { fact: "conversation_resolved", by: null }), fact(5, { fact: "conversation_rated", score: 4, comment: null }));
  assert.deepEqual([thread.status, thread.rated, thread.rating], ["resolved", true, 4]);
  assert.equal(thread.items.length, 5);
});

test("read markers only go forward, and leave no line", () => {
  const by = (kind: string) => ({ kind, id: "x" });
  const thread = run(begun, fact(1, message("a")), fact(2, { fact: "message_read", by: by("agent"), through: 1 }), fact(3, { fact: "message_read", by: by("visitor"), through: 2 }), fact(4, { fact: "message_read", by: by("agent"), through: 0 }));
  assert.deepEqual([thread.read, ids(thread)], [{ agent: 1, shopper: 2 }, ["a"]]);
});

test("an offer's last state counts", () => {
  const settled = (state: "accepted" | "done", reason: string | null): FactBody => ({ fact: "offer_settled", offer_id: "off_1", message_id: "m", state, reason });
  const thread = run(begun, fact(1, settled("accepted", null)), fact(2, settled("done", "Code X")));
  const { state, reason } = thread.offers["off_1"]!;
  assert.deepEqual([Object.keys(thread.offers), state, reason], [["off_1"], "done", "Code X"]);
});

test("typing is shown for its conversation and ends with the message", () => {
  const who = { kind: "agent", id: "x", name: "Agent" } as const;
  let thread = applyTyping(begun, "cnv_1", who, true);
  assert.equal(thread.typing.length, 1);
  assert.equal(applyTyping(begun, "cnv_2", who, true), begun);
  assert.equal(applyTyping(thread, "cnv_1", who, false).typing.length, 0);
  thread = run(thread, fact(1, message("a", "outgoing")));
  assert.deepEqual(thread.typing, []);
});

test("heads tell when something was missed", () => {
  const thread = run(begun, fact(1, message("a")));
  assert.equal(behind(thread, { cnv_1: { epoch: 1, seq: 1 } }), false);
  assert.equal(behind(thread, { cnv_1: { epoch: 1, seq: 2 } }), true);
  assert.equal(behind(thread, { cnv_1: { epoch: 2, seq: 1 } }), true);
  assert.equal(behind(thread, { cnv_9: { epoch: 1, seq: 9 } }), false);
});

test("the view is taken when it is not older than the facts", () => {
  const view = { id: "cnv_1", epoch: 1, seq: 1, status: "queued", assignee: null, queue_position: 4, read: { shopper: 0, agent: 1 }, rated: false, unread: 0 } as const;
  const thread = run(begun, fact(1, message("a")));
  assert.deepEqual([applyView(thread, view).queuePosition, applyView(thread, view).read.agent], [4, 1]);
  const later = run(thread, fact(2, message("b")));
  assert.equal(applyView(later, view), later);
});

test("the newest message of each side, and no conversation", () => {
  const thread = run(begun, fact(1, message("a")), fact(2, message("b", "outgoing")), fact(3, { fact: "hidden" }), fact(4, message("c")));
  assert.deepEqual([newestFrom(thread, "agent"), newestFrom(thread, "shopper"), newestFrom(begun, "agent")], [2, 4, 0]);
  const away = detach(putOutgoing(thread, bubble("q")));
  assert.deepEqual([away.id, away.items, away.outgoing.length], [null, [], 1]);
});
