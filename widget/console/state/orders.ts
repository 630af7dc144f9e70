// What an agent looks up about orders: one by its number, and why it stands where it stands. Fetched when asked, kept
// until the dialog closes. Walk f.
import { signal } from "@preact/signals";
import type { Explanation, FoundOrder } from "../../shared/wire.ts";
import { t } from "../words.ts";
import { reasonOf, sessionOver } from "./live.ts";
import { port } from "./port.ts";
import { toast, type Load } from "./store.ts";

export type Lookup = { number: string; load: Load; found: FoundOrder[] };
export type Why = { order_id: string; number: string; load: Load; told: Explanation | null };
export const lookup = signal<Lookup | null>(null);
export const why = signal<Why | null>(null);

/** Whether what is typed may be an order's number. */
export const maybeNumber = (text: string): boolean => /\d/.test(text) && text.trim().length <= 64;

export async function findOrders(number: string): Promise<void> {
  const asked: Lookup = { number: number.trim(), load: "loading", found: [] };
  lookup.value = asked;
  try {
    const { orders } = await port.command<{ orders: FoundOrder[] }>("find_orders", { number: asked.number });
    if (lookup.value === asked) lookup.value = { ...asked, load: "ready", found: orders };
  } catch (error) {
    if (!sessionOver(error) && lookup.value === asked) lookup.value = { ...asked, load: "error" };
  }
}

export async function explainOrder(order_id: string, number: string): Promise<void> {
  const asked: Why = { order_id, number, load: "loading", told: null };
  why.value = asked;
  try {
    const told = await port.command<Explanation>("explain_order", { order_id });
    if (why.value === asked) why.value = { ...asked, load: "ready", told };
  } catch (error) {
    if (!sessionOver(error) && why.value === asked) why.value = { ...asked, load: "error" };
  }
}

/** Takes back what a browser has proven; the panel comes anew by itself. */
export async function unbindOrder(conversation: string, order_id: string): Promise<void> {
  try {
    await port.command("unbind_order", { conversation, order_id });
    toast(t("order.unbound"));
  } catch (error) {
    if (!sessionOver(error)) toast(t("toast.failed", { reason: reasonOf(error) }));
  }
}
