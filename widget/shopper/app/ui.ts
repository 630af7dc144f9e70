// What every part of the view is handed. Types only.

import type { VNode } from "preact";
import type { Thread } from "../../shared/conversation.ts";
import type { Translate } from "../../shared/i18n.ts";
import type { Part } from "../../shared/wire.ts";
import type { Host } from "../contract.ts";
import type { Session } from "./session.ts";
import type { Entry } from "./store.ts";

export type Actions = {
  close(): void; send(parts: Part[]): void; draft(text: string): void; retry(entry: Entry): void; drop(clientId: string): void;
  orders(where?: Where): void; requestAgent(): void; post(command: Entry["command"], body: object): void; typing(active: boolean): void;
};
/** Made by the chunk `cards`; `answered` tells that the shopper already replied to that part. */
export type Cards = {
  part(part: Part, scene: Scene, answered: boolean): VNode | null;
  rating(scene: Scene): VNode;
};
/** Where the order view opens: by the shop's link, at one order, else at the list. */
export type Where = { token?: string; id?: string };
export type Kit = { t: Translate; locale: string };
export type Scene = Kit & { now: number; thread: Thread; entries: readonly Entry[]; act: Actions; cards: Cards | null };
export type Jsx = { h: typeof import("preact").h; Fragment: typeof import("preact").Fragment };
export type OrdersKit = Jsx & {
  render: typeof import("preact").render; scene(): Scene; host: Host; session: Session;
};
export type OrdersModule = { open(kit: OrdersKit, where?: Where): void; redraw(): void };
export type CardsModule = { make: (jsx: Jsx) => Cards; css: string };
