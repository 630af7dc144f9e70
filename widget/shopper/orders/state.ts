// What the order view is drawn from. Types only.

import type { OrderView } from "../../shared/wire.ts";

/** `code`: `not_found`, `rate_limited`, `unavailable`, `link` (over), `soon` (the shop has not told us of it yet). */
export type Told = { code: string; minutes: number };
/** `at`: the order that is looked at; `focus`: where the focus goes with the next drawing. */
export type Looks = {
  load: "loading" | "ready" | "error"; orders: OrderView[]; at: string | null; busy: boolean; trouble: Told | null; focus: string | null;
};
export type Act = {
  close(): void; leave(): void; list(): void; one(id: string): void; again(): void; find(number: string, contact: string): Promise<void>; forget(id: string): Promise<void>;
};
