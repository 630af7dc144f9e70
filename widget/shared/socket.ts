// The only import of socket.io-client: connects, sends commands with an ack and a time limit, and passes facts on.
// Reconnects by itself with full jitter unless the server closed for good (4003, 4004). Long polling and the stateless
// calls come in a chunk of their own, once WebSockets did not open. Decides nothing about content.

import { transports as known } from "engine.io-client";
import { Manager } from "socket.io-client";
import { ACK_TIMEOUT_MS, backoff, CommandFailed } from "./failure.ts";
import { DURABLE_FACTS, type Fact, type Passing, type WireError } from "./wire.ts";

const FINAL_CODES = [4003, 4004];
const MISSES = 2;
const PASSING: readonly (keyof Passing)[] = [
  "typing_changed", "queue_moved", "presence_changed", "panel_changed", "heads", "inbox_changed",
];

/** `draining`: still connected, the server will close soon. `stopped`: closed for good, with the code. */
export type LinkState = "connecting" | "online" | "draining" | "offline" | "stopped";
/** `key` names the doing over calls that may be repeated; a socket needs none. */
export type Command = <T = object>(name: string, body: object, key?: string) => Promise<T & { ok: true }>;
export type Link = {
  open(): void;
  /** Leaves without coming back until `open`. */
  close(): void;
  /** Resolves with the ack; rejects with CommandFailed (`unavailable` when offline or not acked in 10 s). */
  command: Command;
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
  /** What stands in where no WebSocket opens; fetched when two in a row did not. */
  fallback?: () => Promise<Fallback>;
};
export type Fallback = {
  /** Long polling, for a server of one process. */
  addPolling(known: object): void;
  /** Stateless calls, for a server of several, which refuses long polling with HTTP 400. */
  makeTwin?(host: TwinHost): Twin;
};
export type TwinHost = LinkOptions & {
  become: (state: LinkState) => void;
  /** Refused for good. */
  stop: (code: number) => void;
  /** A WebSocket opens again. */
  back: () => void;
};
export type Twin = { command: Command; close(): void };

type Refusal = Error & { description?: unknown; data?: { code?: number; error?: WireError } };

/** Connecting only authenticates: call `sync` whenever the state becomes `online`. Does nothing until `open`. */
export function connect(options: LinkOptions): Link {
  const how = { transports: [] as string[], reconnection: false, autoConnect: false, timeout: ACK_TIMEOUT_MS };
  const manager = new Manager(options.url, how);
  const socket = manager.socket(options.namespace, { auth: (give: (auth: object) => void) => give(options.auth()) });
  let state: LinkState = "offline";
  let wanted = false;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastCode = 0;
  let misses = 0;
  let fallback: Fallback | undefined;
  let twin: Twin | undefined;

  const become = (next: LinkState, code = lastCode) => {
    if (state !== next) options.onState((state = next), code);
  };
  /** A WebSocket first, at every dial; the library itself goes on from long polling to a WebSocket where one opens. */
  const dial = (...transports: string[]) => {
    clearTimeout(timer);
    if (!wanted || socket.connected || twin) return;
    become("connecting");
    how.transports = transports[0] ? transports : ["websocket"];
    socket.connect();
  };
  const lost = (code = 0, atLeastMs = 0, again = true) => {
    clearTimeout(timer);
    lastCode = code || lastCode;
    if (!again || FINAL_CODES.includes(lastCode)) {
      leave();
      become("stopped");
    } else if (wanted) {
      become("offline");
      // A server with many at its door gave us a place in its line: no failure, and little jitter.
      timer = setTimeout(dial, backoff(code === 4029 ? 0 : attempt++, atLeastMs));
    }
  };
  const leave = () => {
    wanted = false;
    clearTimeout(timer);
    twin?.close();
    twin = undefined;
    socket.disconnect();
  };

  socket.on("connect", () => {
    attempt = lastCode = 0;
    if (manager.engine.transport.name === "websocket") misses = 0;
    become("online");
  });
  // A refusal by our server carries its close code; without one the network or a proxy said no.
  socket.on("connect_error", async ({ data, description, message }: Refusal) => {
    if (data?.code) return lost(data.code, data.error?.retry_after_ms);
    if (how.transports[1]) {
      if (description !== 400 || !fallback?.makeTwin) return lost();
      twin = fallback.makeTwin({
        ...options, become, stop: lost,
        back() {
          twin = undefined;
          misses = 0;
          dial();
        },
      });
      return;
    }
    misses += message === "timeout" ? MISSES : 1;
    if (misses >= MISSES) fallback ??= await options.fallback?.().catch(() => undefined);
    if (misses < MISSES || !fallback) return lost();
    fallback.addPolling(known);
    dial("polling", "websocket");
  });
  socket.on("disconnect", () => lost());
  socket.on("closing", ({ code, retry }: Passing["closing"]) => {
    lastCode = code;
    if (!retry || FINAL_CODES.includes(code)) lost(code, 0, false);
  });
  socket.on("drain", ({ in_ms }: Passing["drain"]) => {
    become("draining");
    clearTimeout(timer);
    timer = setTimeout(() => socket.disconnect(), in_ms);
  });
  for (const name of DURABLE_FACTS) socket.on(name, (body: object) => options.onFact({ ...body, fact: name } as Fact));
  for (const name of PASSING) socket.on(name, (body: Passing[typeof name]) => options.onPassing(name, body));
  // Back on the network, or looked at again: no need to wait for the next try.
  for (const name of ["online", "focus"])
    globalThis.addEventListener?.(name, () => {
      if (state !== "offline" || twin) return;
      clearTimeout(timer);
      timer = setTimeout(dial, backoff(0));
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
      leave();
      become("offline");
    },
    command<T>(name: string, body: object, key?: string) {
      if (twin) return twin.command<T>(name, body, key);
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
