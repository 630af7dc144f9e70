// The two ways out of the console: a command on the socket, and a GET for what is fetched apart. live.ts puts the real
// ones in; a scripted page puts in its own.
import { CommandFailed } from "../../shared/failure.ts";
import type { WireError } from "../../shared/wire.ts";

export type Port = {
  command<T = object>(name: string, body: object): Promise<T & { ok: true }>;
  get<T>(path: string): Promise<T>;
  /** Connect now, without waiting for the next try. */
  dial(): void;
};

const closed: Port = {
  command: () => Promise.reject(new CommandFailed({ code: "unavailable", message: "not connected" })),
  get: () => Promise.reject(new CommandFailed({ code: "unavailable", message: "not connected" })),
  dial: () => {},
};

export const port = { ...closed };
export const plug = (real: Port): void => void Object.assign(port, real);

/** GET of our own server; an answer that is not ok, and a network that fails, are both a CommandFailed. */
export async function fetchJson<T>(path: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", headers: { accept: "application/json" }, signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new CommandFailed({ code: "unavailable", message: "no answer" });
  }
  if (answer.redirected || answer.status === 401) throw new CommandFailed({ code: "unauthenticated", message: "session over" });
  const body = (await answer.json().catch(() => null)) as (T & { error?: WireError }) | null;
  if (!answer.ok || body === null) throw new CommandFailed(body?.error ?? { code: "unavailable", message: String(answer.status) });
  return body;
}
