// The outbox: order kept per conversation, the same client id over all tries, every refusal with its end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { acked, again, due, pack, refused, sending, unpack, without, type Outbox, type Outgoing } from "../state/outbox.ts";

const item = (client_id: string, conversation = "a", more: Partial<Outgoing> = {}): Outgoing => ({
  client_id, conversation, kind: "reply", text: client_id, at: "", seen_seq: 5, tries: 0, state: "waiting", error: null, ...more,
});
const refusal = (code: "stale" | "unavailable" | "forbidden", seq?: number) => ({ code, message: "", ...(seq === undefined ? {} : { seq }) });
const only = (box: Outbox, id: string): Outgoing => box.find((one) => one.client_id === id)!;

test("one at a time per conversation, in order; another conversation does not wait", () => {
  let box: Outbox = [item("1"), item("2"), item("3", "b")];
  assert.equal(due(box)?.client_id, "1");
  box = sending(box, "1");
  assert.equal(due(box)?.client_id, "3");
  box = acked(box, "1");
  assert.equal(due(box)?.client_id, "2");
  assert.equal(due(without(without(box, "2"), "3")), undefined);
});

test("a transient refusal goes back to waiting with the same id and one more try", () => {
  const box = refused(sending([item("1")], "1"), "1", refusal("unavailable"));
  assert.deepEqual([only(box, "1").state, only(box, "1").tries, due(box)?.client_id], ["waiting", 1, "1"]);
});

test("stale waits for the agent and holds its own conversation back", () => {
  let box = refused([item("1"), item("2")], "1", refusal("stale", 9));
  assert.equal(only(box, "1").state, "stale");
  assert.equal(due(box), undefined);
  box = again(box, "1", 9);
  assert.deepEqual([due(box)?.client_id, only(box, "1").seen_seq, only(box, "1").error], ["1", 9, null]);
});

test("a permanent refusal has failed for good, with its reason, until the agent tries again", () => {
  const box = refused([item("1")], "1", refusal("forbidden"));
  assert.deepEqual([only(box, "1").state, only(box, "1").error?.code, due(box)], ["failed", "forbidden", undefined]);
  assert.equal(due(again(box, "1"))?.seen_seq, 5);
});

test("signed out in the middle, it waits for the next session", () => {
  const box = refused(sending([item("1")], "1"), "1", { code: "unauthenticated", message: "" });
  assert.deepEqual([only(box, "1").state, due(box)?.client_id], ["waiting", "1"]);
});

test("over a reload everything that is not confirmed is still there, under its id and in its order", () => {
  const box = acked(sending(sending([item("1"), item("2"), item("3", "b"), item("4", "c", { state: "stale", error: refusal("stale", 9) })], "1"), "2"), "1");
  const kept = unpack(pack(box));
  assert.deepEqual(kept.map((one) => [one.client_id, one.state]), [["2", "waiting"], ["3", "waiting"], ["4", "stale"]]);
  assert.equal(only(kept, "4").error?.seq, 9);
  assert.deepEqual([unpack(null), unpack(""), unpack("[]")], [[], [], []]);
});
