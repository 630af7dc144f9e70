// What loader, extra and app know of each other. The loader owns the page (shadow root, storage, beacon); the app owns the
// conversation; `extra` holds what few pages need. Types only.

import type { Nudge } from "../shared/wire.ts";
import type { Data, Note } from "./capture.ts";

export type Theme = "light" | "dark" | "auto";
export type InitOptions = {
  key: string; locale?: string; color?: string; theme?: Theme; position?: "left" | "right"; timezone?: string;
  /** `required`: nothing is stored or sent before `consent(true)`. After that call it is what the shopper said. */
  consent?: "implied" | "required" | boolean;
  /** false: no launcher; the shop opens the chat with its own button. */
  launcher?: boolean;
};
/** `identity`: the shop's token was refused; the page may `identify` with a fresh one. */
export type EventName = "ready" | "open" | "close" | "unread" | "message" | "nudge" | "offer" | "order_changed" | "theme" | "identity";
export type Bubble = Pick<Nudge, "message_id" | "text">;
export type Report = "seen" | "dismissed" | "clicked" | "opt_outs";

export type Host = {
  base: string;
  /** As given by the shop; `consent`, `locale`, `theme` and `identity` change while the page lives. */
  options: InitOptions & { identity?: string };
  root: ShadowRoot;
  /** The launcher: where the focus goes back to; the app takes its click over and sets `aria-expanded`. */
  button: HTMLButtonElement;
  app?: App;
  /** Loads and starts the app, once, and uses it. */
  with(use: (app: App) => void): void;
  /** Counts a page view by hand. */
  page(): void;
  /** The visitor's token. */
  token?: string;
  /** Keeps the token as far as the shopper and the browser allow, and says whether that worked: if not, the outbox, too, is in memory only. */
  keep(token?: string): boolean | undefined;
  emit(name: EventName, detail?: unknown): void;
  unread(count: number): void;
  brand(color: string): void;
  /** What became of a nudge (by message id), or a class that the shopper refuses: told with the next beacon, at once. */
  report(what: Report, which: string): void;
};

export type App = {
  /** `text` is put into the composer. */
  open(text?: string): void;
  close(): void;
  toggle(): void;
  send(text: string): void;
  /** The order view: by the shop's link, at one order, or at the list. */
  orders(where?: { token?: string; id?: string }): void;
  /** Another identity, locale or token: connect again with it. */
  renew(): void;
  stop(): void;
};

export type AppModule = { start: (host: Host) => Promise<App> };
/** `reported`: the server wants to know what became of it. */
export type ExtraModule = {
  ecommerce: (note: Note, entry: Data) => void;
  nudge: (host: Host, bubble: Bubble, reported: boolean, live?: boolean) => void;
  more: Record<string, (host: Host, call: Call, ...args: never[]) => void>;
};
export type Call = (method: string, ...args: unknown[]) => unknown;
