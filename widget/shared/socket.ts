// The only import of socket.io-client: connects, sends commands with an ack and a time limit, and passes facts on.
// Reconnects by itself with full jitter unless the server closed for good (4003, 4004). Decides nothing about content.

import { Manager } from "socket.io-client";
import { DURABLE_FACTS, type ErrorCode, type Fact, type Passing, type WireError } from "./wire.ts";

export const ACK_TIMEOUT_MS = 10_000;
const BASE_MS = 1_000;
const CAP_MS = 30_000;
const FINAL_CODES = [4003, 4004];
const PASSING: readonly (keyof Passing)[] = [
  "typing_changed", "queue_moved", "presence_changed", "panel_changed", "heads", "inbox_changed",
];

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

/** `draining`: still connected, the server will close soon. `stopped`: closed for good, with the code. */
export type LinkState = "connecting" | "online" | "draining" | "offline" | "stopped";
export type Link = {
  open(): void;
  /** Leaves without coming back until `open`. */
  close(): void;
  /** Resolves with the ack; rejects with CommandFailed (`unavailable` when offline or not acked in 10 s). */
  command<T = object>(name: string, body: object): Promise<T & { ok: true }>;
  readonly state: LinkState;
};
export type LinkOptions = {
  url: string;
  namespace: "/shopper" | "/agent";
  /** Asked at every connect, so that a new token is used. */
  auth: () => object;
  onState: (state: LinkState, code: number) => void;
  /** Durable facts, as they come: the reducer decides. */
  onFact: (fact: Fact) => void;
  onPassing: <K extends keyof Passing>(name: K, body: Passing[K]) => void;
};

/** Connecting only authenticates: call `sync` whenever the state becomes `online`. Does nothing until `open`. */
export function connect(options: LinkOptions): Link {
  const manager = new Manager(options.url, {
    transports: ["websocket", "polling"], tryAllTransports: true, reconnection: false, autoConnect: false, timeout: ACK_TIMEOUT_MS,
  });
  const socket = manager.socket(options.namespace, { auth: (give: (auth: object) => void) => give(options.auth()) });
  let state: LinkState = "offline";
  let wanted = false;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastCode = 0;

  const become = (next: LinkState, code = lastCode) => {
    if (state !== next) options.onState((state = next), code);
  };
  const dial = () => {
    clearTimeout(timer);
    if (!wanted || socket.connected) return;
    become("connecting");
    socket.connect();
  };
  const lost = (code: number, again = true) => {
    clearTimeout(timer);
    lastCode = code || lastCode;
    if (!again || FINAL_CODES.includes(lastCode)) {
      wanted = false;
      socket.disconnect();
      become("stopped");
    } else if (wanted) {
      become("offline");
      timer = setTimeout(dial, backoff(attempt++));
    }
  };

  socket.on("connect", () => {
    attempt = lastCode = 0;
    become("online");
  });
  // A refusal by our server carries its close code; without one the network or a proxy said no.
  socket.on("connect_error", (error: Error & { data?: { code?: number } }) => lost(error.data?.code ?? 0));
  manager.on("error", () => lost(0));
  socket.on("disconnect", () => lost(0));
  socket.on("closing", (body: Passing["closing"]) => {
    lastCode = body.code;
    if (FINAL_CODES.includes(body.code)) lost(body.code, false);
  });
  socket.on("drain", (body: Passing["drain"]) => {
    become("draining");
    clearTimeout(timer);
    timer = setTimeout(() => {
      socket.disconnect();
      lost(0);
    }, body.in_ms);
  });
  for (const name of DURABLE_FACTS) socket.on(name, (body: object) => options.onFact({ ...body, fact: name } as Fact));
  for (const name of PASSING) socket.on(name, (body: Passing[typeof name]) => options.onPassing(name, body));
  globalThis.addEventListener?.("online", () => {
    if (state === "offline") {
      clearTimeout(timer);
      timer = setTimeout(dial, backoff(0));
    }
  });

  return {
    get state() {
      return state;
    },
    open() {
      wanted = true;
      lastCode = 0;
      dial();
    },
    close() {
      wanted = false;
      clearTimeout(timer);
      socket.disconnect();
      become("offline");
    },
    command<T>(name: string, body: object) {
      return new Promise<T & { ok: true }>((resolve, reject) => {
        const failed = (error: WireError) => reject(new CommandFailed(error));
        if (!socket.connected) return failed({ code: "unavailable", message: "not connected" });
        socket.timeout(ACK_TIMEOUT_MS).emit(name, body, (late: Error | null, answer: (T & { ok: true }) | { ok: false; error: WireError }) => {
          if (late) failed({ code: "unavailable", message: "no answer" });
          else if (answer.ok) resolve(answer);
          else failed(answer.error);
        });
      });
    },
  };
}
