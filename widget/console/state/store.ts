// Everything the console shows, as signals. Views read it; only state/live.ts and state/actions.ts write the server's
// side of it. One store, no copies.
import { computed, signal } from "@preact/signals";
import { emptyThread, type Thread } from "../../shared/conversation.ts";
import type { LinkState } from "../../shared/socket.ts";
import type { AgentView, Availability, Panel, Sender } from "../../shared/wire.ts";
import type { Boot } from "../boot.ts";
import type { Mode } from "./drafts.ts";
import type { Outbox } from "./outbox.ts";
import { countViews, inView, matches, sorted, type Rows, type Sort, type View } from "./rows.ts";

export type Load = "loading" | "ready" | "error";
export type Me = { id: string; name: string; role: string; availability: Availability };

export const boot = signal<Boot>({ agent: { id: "", name: "", role: "agent" }, csrf: "", locale: "en", inbox: { id: "", name: "", locales: ["en"], color: "", currency: "EUR" } });
export const me = signal<Me>({ id: "", name: "", role: "agent", availability: "offline" });
export const agents = signal<readonly AgentView[]>([]);
export const rows = signal<Rows>(new Map());
export const listLoad = signal<Load>("loading");
export const resolvedLoad = signal<Load | "idle">("idle");

export const link = signal<LinkState>("connecting");
/** The session is over (signed out, expired, taken away): nothing works until the next login. */
export const ended = signal(false);

export const view = signal<View>("mine");
export const sort = signal<Sort>("wait");
export const query = signal("");
export const cursor = signal<string | null>(null);

export const openId = signal<string | null>(null);
export const thread = signal<Thread>(emptyThread);
export const threadLoad = signal<Load>("loading");
export const panel = signal<Panel | null>(null);
export const panelLoad = signal<Load>("loading");
export const mode = signal<Mode>("reply");
export const outbox = signal<Outbox>([]);
export const typing = signal<ReadonlyMap<string, readonly Sender[]>>(new Map());

export type Pane = "list" | "thread" | "details";
export const pane = signal<Pane>("list");
export const panelOpen = signal(true);
export const help = signal(false);
/** The menu that a key opened, for the component that draws it. */
export const menu = signal<string | null>(null);
export const bell = signal<"off" | "on" | "denied">("off");
export const theme = signal<"system" | "light" | "dark">("system");
export const busy = signal<ReadonlySet<string>>(new Set());
export type Toast = { id: number; text: string; action?: { label: string; run: () => void } };
export const toasts = signal<readonly Toast[]>([]);
/** The present, in steps of ten seconds: waiting times read it. */
export const now = signal(Date.now());

export const counts = computed(() => countViews(rows.value, me.value.id));
export const visible = computed(() => {
  const all = [...rows.value.values()].filter((row) => inView(row, view.value, me.value.id) && matches(row, query.value));
  return sorted(all, view.value === "resolved" ? "newest" : sort.value);
});
export const openRow = computed(() => (openId.value ? (rows.value.get(openId.value) ?? null) : null));

let toastId = 0;
export function toast(text: string, action?: Toast["action"]): void {
  const id = ++toastId;
  toasts.value = [...toasts.value.slice(-2), action ? { id, text, action } : { id, text }];
  setTimeout(() => (toasts.value = toasts.value.filter((item) => item.id !== id)), 6_000);
}
