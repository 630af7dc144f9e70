// A command that was not done, and when it may be tried again. Pure but for its random number; the socket and the calls
// that stand in for it both end here.

import type { ErrorCode, WireError } from "./wire.ts";

export const ACK_TIMEOUT_MS = 10_000;
const BASE_MS = 1_000;
const CAP_MS = 30_000;

/** A command that was not done. `transient`: the same command may be sent again later. */
export class CommandFailed extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number;
  readonly seq: number | undefined;
  constructor(error: WireError) {
    super(error.message);
    this.code = error.code;
    this.retryAfterMs = error.retry_after_ms ?? 0;
    this.seq = error.seq;
  }
  get transient(): boolean {
    return this.code === "rate_limited" || this.code === "unavailable" || this.code === "internal";
  }
}

/** Full jitter: a random time up to an exponential ceiling, never less than the server asked for. */
export function backoff(attempt: number, atLeastMs = 0, random: () => number = Math.random): number {
  return atLeastMs + random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt);
}
