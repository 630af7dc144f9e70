// Ids: their form, their order within and across milliseconds, and a clock that jumps back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uuid7 } from "../shared/uuid7.ts";

test("has the form and the time of a version 7 id", () => {
  const now = Date.parse("2026-11-20T09:12:00.000Z");
  const id = uuid7(now);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(parseInt(id.replaceAll("-", "").slice(0, 12), 16), now);
});

test("sorts in the order of making, in one millisecond and when the clock jumps back", () => {
  const now = Date.parse("2027-01-01T00:00:00.000Z");
  const made = [...Array.from({ length: 10_000 }, () => uuid7(now)), uuid7(now - 60_000), uuid7(now + 100_000)];
  assert.deepEqual(made, [...made].sort());
  assert.equal(new Set(made).size, made.length);
});
