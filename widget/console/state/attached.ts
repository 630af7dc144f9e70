// The products that go along with a reply that is being written, per conversation, as the text's draft is; kept for as long as the
// page lives. How many one reply may have is said here, and nothing is dropped in silence: what is over it stays, and is told of.
import { computed, signal } from "@preact/signals";
import type { CatalogueProduct } from "../../shared/wire.ts";
import { openId } from "./store.ts";

/** So many cards one message may have. */
export const MOST = 5;
export type Card = Pick<CatalogueProduct, "id" | "name" | "image_url" | "price" | "price_to" | "currency">;

const kept = signal<ReadonlyMap<string, readonly Card[]>>(new Map());
/** Of the open conversation. */
export const attached = computed<readonly Card[]>(() => kept.value.get(openId.value ?? "") ?? []);
export const isFull = computed(() => attached.value.length >= MOST);

/** Only what a card shows; a product twice is once. */
export function attach(conversation: string, cards: readonly Card[]): void {
  const before = kept.value.get(conversation) ?? [];
  const come = cards.filter((card, at) => !before.some((one) => one.id === card.id) && cards.findIndex((one) => one.id === card.id) === at);
  set(conversation, [...before, ...come.map(({ id, name, image_url, price, price_to, currency }) => ({ id, name, image_url, price, price_to, currency }))]);
}
export const detach = (conversation: string, id: string): void => set(conversation, (kept.value.get(conversation) ?? []).filter((one) => one.id !== id));
export const detachAll = (conversation: string): void => set(conversation, []);

function set(conversation: string, cards: readonly Card[]): void {
  kept.value = new Map([...kept.value, [conversation, cards]]);
}
