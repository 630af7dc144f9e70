// The list as a function of facts: what each fact changes in a row, and which rows a view shows, in which order.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact, FactBody, Message, Row, SenderKind } from "../../shared/wire.ts";
import { applyFact, behind, callsFor, countViews, fromServer, inView, matches, previewOf, sorted, VIEWS, type LiveRow } from "../state/rows.ts";

const ME = "agt_me";
const words = (kind: string, title: string): string => `${kind}:${title}`;
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 9, minute)).toISOString();

function row(more: Partial<Row> = {}): LiveRow {
  return fromServer({
    id: "cnv_1", epoch: 1, seq: 10, status: "bot", assignee: null, visitor: "vis_1", contact: { id: null, name: null, identified: false }, locale: "en",
    preview: null, unread: 0, waiting_since: null, last_at: at(0), created_at: at(0), page: null, cart: null, queue_reason: null, rating: null, online: false, ...more,
  });
}
const fact = (seq: number, body: FactBody, more: Partial<Fact> = {}): Fact => ({ ...body, conversation: "cnv_1", epoch: 1, seq, at: at(seq), ...more }) as Fact;
const message = (type: Message["type"], kind: SenderKind, parts: Message["parts"] = [{ type: "text", text: "Hi *there*\nyou" }]): FactBody => ({
  fact: "message_created", message: { id: "msg_1", client_id: "c", type, sender: { kind, id: kind === "agent" ? ME : "x", name: "" }, parts, created_at: at(1) },
});
const after = (start: LiveRow, ...facts: Fact[]): LiveRow => facts.reduce((r, f) => applyFact(r, f, words), start);

test("a shopper's message counts as unread, starts the wait and becomes the preview", () => {
  const next = after(row({ status: "assigned" }), fact(11, message("incoming", "visitor")));
  assert.deepEqual(
    { seq: next.seq, unread: next.unread, waits: next.waiting_since, last: next.last_at, preview: next.preview },
    { seq: 11, unread: 1, waits: at(11), last: at(11), preview: { text: "Hi there you", sender_kind: "visitor" } },
  );
});

test("a second message keeps the first one's waiting time", () => {
  assert.equal(after(row(), fact(11, message("incoming", "visitor")), fact(12, message("incoming", "visitor"))).waiting_since, at(11));
});

test("an agent's reply ends the wait and reads everything; the bot's only ends the wait", () => {
  const waits = row({ unread: 3, waiting_since: at(1) });
  const agent = after(waits, fact(11, message("outgoing", "agent")));
  assert.deepEqual([agent.unread, agent.waiting_since], [0, null]);
  const bot = after(waits, fact(11, message("outgoing", "bot")));
  assert.deepEqual([bot.unread, bot.waiting_since], [3, null]);
});

test("the shop's own message ends no wait", () => {
  assert.equal(after(row({ waiting_since: at(1) }), fact(11, message("outgoing", "integration"))).waiting_since, at(1));
});

test("a private note changes neither preview nor unread nor wait", () => {
  const start = row({ unread: 2, waiting_since: at(1), preview: { text: "before", sender_kind: "visitor" } });
  const next = after(start, fact(11, message("note", "agent")));
  assert.deepEqual([next.unread, next.waiting_since, next.preview?.text, next.last_at, next.seq], [2, at(1), "before", at(11), 11]);
});

test("reading takes away what was read, and leaves what came after", () => {
  const three = after(row({ unread: 1 }), fact(11, message("incoming", "visitor")), fact(12, message("incoming", "visitor")));
  assert.equal(three.unread, 3);
  const read = (through: number): number => after(three, fact(13, { fact: "message_read", by: { kind: "agent", id: ME }, through })).unread;
  assert.deepEqual([read(12), read(11), read(9)], [0, 1, 3]);
});

test("the shopper's own read marker is not ours", () => {
  assert.equal(after(row({ unread: 2 }), fact(11, { fact: "message_read", by: { kind: "visitor", id: "vis_1" }, through: 10 })).unread, 2);
});

test("an old fact and another conversation's change nothing at all", () => {
  const start = row();
  assert.equal(applyFact(start, fact(10, message("incoming", "visitor")), words), start);
  assert.equal(applyFact(start, fact(11, message("incoming", "visitor"), { conversation: "cnv_2" }), words), start);
});

test("a new epoch is taken although its seq is lower", () => {
  const next = after(row(), fact(3, message("incoming", "visitor"), { epoch: 2 }));
  assert.deepEqual([next.epoch, next.seq], [2, 3]);
});

test("the way through a day: queued, assigned, snoozed, woken, returned, resolved, rated", () => {
  const steps: [FactBody, string, string | null][] = [
    [{ fact: "conversation_queued", reason: "requested", promised_minutes: null }, "queued", null],
    [{ fact: "conversation_assigned", agent: { id: ME, name: "Agent" }, by: null }, "assigned", ME],
    [{ fact: "conversation_snoozed", until: at(59) }, "snoozed", ME],
    [{ fact: "conversation_assigned", agent: { id: ME, name: "Agent" }, by: null }, "assigned", ME],
    [{ fact: "conversation_returned", by: null }, "bot", null],
    [{ fact: "conversation_queued", reason: "complaint", promised_minutes: 120 }, "queued", null],
    [{ fact: "conversation_resolved", by: null }, "resolved", null],
    [{ fact: "conversation_rated", score: 4, comment: null }, "resolved", null],
  ];
  let now = row({ unread: 2 });
  steps.forEach(([body, status, assignee], i) => {
    now = after(now, fact(11 + i, body));
    assert.deepEqual([now.status, now.assignee?.id ?? null], [status, assignee], body.fact);
  });
  assert.deepEqual([now.unread, now.waiting_since, now.rating, now.queue_reason, now.seq], [0, null, 4, "complaint", 18]);
});

test("being put back in the queue keeps the waiting time that was running", () => {
  assert.equal(after(row({ status: "assigned", waiting_since: at(2) }), fact(11, { fact: "conversation_queued", reason: "agent_returned_to_queue", promised_minutes: null })).waiting_since, at(2));
});

test("facts that only agents see move the count and nothing else", () => {
  const start = row({ unread: 1 });
  const next = after(start, fact(11, { fact: "bot_answer_dropped", reason: "resolved", trigger_seq: 9 }), fact(12, { fact: "proactive_shown", message_id: "m", state: "seen" }), fact(13, { fact: "hidden" }));
  assert.deepEqual(next, { ...start, seq: 13 });
});

test("a preview says what a card is", () => {
  const of = (parts: Message["parts"]): string => previewOf((message("outgoing", "bot", parts) as { message: Message }).message, words);
  assert.equal(of([{ type: "order_card", order: { order_id: "1", number: "77", headline: "placed", currency: "PLN", total: 1 } }]), "order:77");
  assert.equal(of([{ type: "choice", message_id: "m", value: "v", title: "Talk to a person" }]), "Talk to a person");
  assert.equal(of([{ type: "contact_details", phone: "+48" }]), "contact:+48");
  assert.equal(of([{ type: "choices", choices: [] }]), "");
});

test("each status stands in its views, and in no other", () => {
  const mine = { id: ME, name: "Agent" };
  const other = { id: "agt_b", name: "Agent B" };
  const views = (more: Partial<Row>): string => VIEWS.filter((view) => inView(row(more), view, ME)).join(" ");
  assert.equal(views({ status: "bot" }), "bot all");
  assert.equal(views({ status: "queued" }), "unassigned all");
  assert.equal(views({ status: "assigned", assignee: mine }), "mine all");
  assert.equal(views({ status: "assigned", assignee: other }), "all");
  assert.equal(views({ status: "snoozed", assignee: mine }), "mine all");
  assert.equal(views({ status: "resolved", assignee: mine }), "resolved");
});

test("counts and calls follow the rows", () => {
  const mine = { id: ME, name: "Agent" };
  const rows = new Map([
    row({ id: "a", status: "queued" }), row({ id: "b", status: "assigned", assignee: mine, unread: 2 }), row({ id: "c", status: "assigned", assignee: mine }),
    row({ id: "d", status: "bot", unread: 5 }), row({ id: "e", status: "resolved" }),
  ].map((r) => [r.id, r]));
  assert.deepEqual(countViews(rows, ME), { mine: 2, unassigned: 1, bot: 1, all: 4, resolved: 1 });
  assert.equal(callsFor(rows, ME), 2);
});

test("longest wait first, then nobody waiting by newest, snoozed last; or simply newest", () => {
  const rows = [
    row({ id: "new", last_at: at(50) }), row({ id: "old", last_at: at(5) }), row({ id: "waits5", waiting_since: at(5), last_at: at(9) }),
    row({ id: "waits1", waiting_since: at(1), last_at: at(8) }), row({ id: "asleep", status: "snoozed", waiting_since: at(0), last_at: at(55) }),
  ];
  assert.deepEqual(sorted(rows, "wait").map((r) => r.id), ["waits1", "waits5", "new", "old", "asleep"]);
  assert.deepEqual(sorted(rows, "newest").map((r) => r.id), ["asleep", "new", "waits5", "waits1", "old"]);
});

test("search ignores case and accents and wants every word", () => {
  const one = row({ contact: { id: "c", name: "Klientka Żółć", identified: true }, preview: { text: "Gdzie paczka?", sender_kind: "visitor" } });
  assert.ok(matches(one, "zolc PACZKA"));
  assert.ok(matches(one, "  "));
  assert.ok(!matches(one, "zolc faktura"));
});

test("heads show who is behind, unknown, from another epoch, or open only with us", () => {
  const rows = new Map([row({ id: "same" }), row({ id: "late" }), row({ id: "other" }), row({ id: "gone" }), row({ id: "done", status: "resolved" })].map((r) => [r.id, r]));
  const heads = { same: { epoch: 1, seq: 10 }, late: { epoch: 1, seq: 12 }, other: { epoch: 2, seq: 1 }, strange: { epoch: 1, seq: 1 } };
  assert.deepEqual(behind(rows, heads), ["late", "other", "strange", "gone"]);
});
