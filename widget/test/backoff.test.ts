// Coming back: full jitter under a ceiling, never sooner than asked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, CommandFailed } from "../shared/failure.ts";
import { ERROR_CODES } from "../shared/wire.ts";

test("grows to its ceiling and spreads from zero", () => {
  assert.deepEqual([0, 1, 4, 20].map((n) => backoff(n, 0, () => 1)), [1_000, 2_000, 16_000, 30_000]);
  assert.equal(backoff(9, 0, () => 0), 0);
  assert.equal(backoff(0, 2_500, () => 0), 2_500);
});

test("what may be tried again", () => {
  const again = ERROR_CODES.filter((code) => new CommandFailed({ code, message: "" }).transient);
  assert.deepEqual(again, ["rate_limited", "unavailable", "internal"]);
});
