// What an agent does: each a command, with its refusal told in a toast. Nothing changes here before the server's fact.
import { emptyThread, newestFrom } from "../../shared/conversation.ts";
import { CommandFailed } from "../../shared/failure.ts";
import type { Availability } from "../../shared/wire.ts";
import { t } from "../words.ts";
import { loadResolved, reasonOf, sessionOver, syncThread } from "./live.ts";
import { port } from "./port.ts";
import type { View } from "./rows.ts";
import { busy, cursor, listLoad, me, menu, mode, openId, pane, panel, panelLoad, panelOpen, resolvedLoad, theme, thread, threadLoad, toast, view } from "./store.ts";

/** Sends a command once at a time per conversation; answers whether it was done. */
async function run(name: string, body: { conversation?: string } & Record<string, unknown>): Promise<boolean> {
  const key = `${name}:${body.conversation ?? ""}`;
  if (busy.value.has(key)) return false;
  busy.value = new Set([...busy.value, key]);
  try {
    await port.command(name, body);
    return true;
  } catch (error) {
    if (!sessionOver(error)) toast(name === "claim" && error instanceof CommandFailed && error.code === "conflict" ? t("toast.taken") : t("toast.failed", { reason: reasonOf(error) }));
    return false;
  } finally {
    busy.value = new Set([...busy.value].filter((item) => item !== key));
  }
}

export const isBusy = (name: string, conversation: string): boolean => busy.value.has(`${name}:${conversation}`);

export function open(id: string): void {
  pane.value = "thread";
  cursor.value = id;
  menu.value = null;
  if (openId.value === id && threadLoad.value !== "error") return;
  openId.value = id;
  thread.value = emptyThread;
  panel.value = null;
  threadLoad.value = panelLoad.value = "loading";
  mode.value = "reply";
  void syncThread();
}

/** Back to the list; on a wide screen this only closes the conversation. */
export function leave(): void {
  pane.value = "list";
  openId.value = null;
  thread.value = emptyThread;
  panel.value = null;
}

export function choose(next: View): void {
  view.value = next;
  if (next === "resolved" && resolvedLoad.value !== "ready" && listLoad.value === "ready") void loadResolved();
}

export const claim = (conversation: string): Promise<boolean> => run("claim", { conversation });
export const assign = (conversation: string, agent: string | null): Promise<boolean> => run("assign", { conversation, agent });
export const returnToBot = (conversation: string): Promise<boolean> => run("return_to_bot", { conversation });
export const snooze = (conversation: string, until: Date): Promise<boolean> => run("snooze", { conversation, until: until.toISOString() });

export async function resolve(conversation: string): Promise<void> {
  if (await run("resolve", { conversation })) toast(t("toast.resolved"));
}

/** Takes the conversation over: from the bot and the queue by a claim, from a colleague by an assignment. */
export function takeOver(conversation: string): Promise<boolean> {
  const { status, assignee } = thread.value;
  return status === "assigned" && assignee && assignee.id !== me.value.id ? assign(conversation, me.value.id) : claim(conversation);
}

export async function setAvailability(availability: Availability): Promise<void> {
  if (await run("set_availability", { availability })) me.value = { ...me.value, availability };
}

let reported = "";
/** Tells that all of it has been read, once per message of the shopper: only by who holds it, and only while they look. */
export function reportRead(): void {
  const { id, read, last, assignee } = thread.value;
  if (!id || assignee?.id !== me.value.id || document.hidden || !document.hasFocus() || id !== openId.value) return;
  const newest = newestFrom(thread.value, "shopper");
  const key = `${id}:${newest}`;
  if (newest <= read.agent || reported === key) return;
  reported = key;
  port.command("mark_read", { conversation: id, through: last }).catch(() => (reported = ""));
}

let typingAt = 0;
let typingOff: ReturnType<typeof setTimeout> | undefined;
/** Says "is typing" at most every 4 s, and takes it back after 6 s of rest, or at once. */
export function reportTyping(conversation: string, on: boolean): void {
  clearTimeout(typingOff);
  if (on) typingOff = setTimeout(() => reportTyping(conversation, false), 6_000);
  if (on ? Date.now() - typingAt < 4_000 : typingAt === 0) return;
  typingAt = on ? Date.now() : 0;
  port.command("set_typing", { conversation, typing: on }).catch(() => {});
}

export function setTheme(next: "system" | "light" | "dark"): void {
  theme.value = next;
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  keep("theme", next);
}

export function togglePanel(): void {
  panelOpen.value = !panelOpen.value;
  keep("panel", panelOpen.value ? "open" : "closed");
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`shopbell.${name}`, value);
  } catch {
    // Kept for this page only.
  }
}

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`shopbell.${name}`);
  } catch {
    return null;
  }
}
