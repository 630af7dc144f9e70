// What only some pages need, fetched when they do: the nudge, shop events, and the calls that are rarely made.

import { direction } from "../shared/i18n.ts";
import { parseInline, plainText } from "../shared/text.ts";
import type { Bubble, Call, ExtraModule, Host, Report, Theme } from "./contract.ts";
import { fromDataLayer } from "./ecommerce.ts";
import css from "./extra.css";

let shown: string;
let sheet: CSSStyleSheet | undefined;

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, text = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * Shows each message once on a page, and only beside a closed panel. Shown is seen: the server hears of it at once.
 * What the server repeats waits until the one before it is answered or closed; a live message takes its place.
 */
export const nudge: ExtraModule["nudge"] = (host: Host, bubble: Bubble, reported: boolean, live = false) => {
  const id = bubble.message_id;
  const before = host.root.querySelector(".n");
  if (shown === id || (before && !live) || host.button.ariaExpanded === "true") return;
  shown = id;
  const report = (what: Report) => reported && host.report(what, id);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  if (!host.root.adoptedStyleSheets.includes(sheet)) host.root.adoptedStyleSheets = [...host.root.adoptedStyleSheets, sheet];
  const locale = host.options.locale || document.documentElement.lang || "en";
  const [reply, dismiss] = __STRINGS__[locale.split("-")[0]!] ?? __STRINGS__.en!;
  before?.remove();
  const card = make("div", `n ${host.options.position}`);
  card.role = "status";
  card.dir = direction(locale);
  if (host.options.theme) card.dataset.theme = host.options.theme;
  const read = make("button", "read");
  const shut = make("button", "shut");
  shut.ariaLabel = dismiss!;
  read.append(make("span", "", plainText(parseInline(bubble.text.replace(/\n+/g, "\n")))), make("small", "", reply));
  read.onclick = () => {
    report("clicked");
    card.remove();
    host.with((app) => app.open());
  };
  shut.onclick = () => {
    report("dismissed");
    card.remove();
    host.button.focus();
  };
  document.addEventListener("shopbell:open", () => card.remove(), { once: true });
  card.append(read, shut);
  host.root.prepend(card);
  report("seen");
  host.emit("nudge", bubble);
};

export const ecommerce: ExtraModule["ecommerce"] = (note, entry) => {
  try {
    const found = fromDataLayer(entry);
    if (found) note(...found);
  } catch {
    // A push of another shape: not for us.
  }
};

function forget(host: Host, call: Call) {
  call("consent", false);
  host.token = "";
  try {
    localStorage.removeItem(`shopbell.${host.options.key}`);
  } catch {
    // Nothing was kept.
  }
}

export const more: ExtraModule["more"] = {
  close: (host) => host.app?.close(),
  toggle: (host) => host.with((app) => app.toggle()),
  show: (host) => (host.button.hidden = false),
  hide(host) {
    host.app?.close();
    host.root.querySelector(".n")?.remove();
    host.button.hidden = true;
  },
  send: (host, _call, text: string) => host.with((app) => app.send(text)),
  /** By the link that the shop signed, or at the list. */
  order: (host, _call, where?: { token?: string; id?: string }) => host.with((app) => app.orders(where)),
  page: (host) => host.page(),
  context: (_host, call, properties: object) => call("track", "context", properties),
  theme(host, _call, theme: Theme) {
    host.options.theme = theme;
    host.emit("theme");
  },
  locale(host, _call, tag: string) {
    host.options.locale = tag;
    host.unread(0);
    host.app?.renew();
  },
  on(_host, _call, name: string, listener: EventListener) {
    document.addEventListener(`shopbell:${name}`, listener);
    // Calls are taken only once the launcher is there.
    if (name === "ready") listener(new CustomEvent("shopbell:ready"));
  },
  off: (_host, _call, name: string, listener: EventListener) => document.removeEventListener(`shopbell:${name}`, listener),
  /** Refuses these classes of unasked messages. Without any: all but news of orders, and no more behaviour or storage; the chat still works. */
  optOut(host, call, ...classes: string[]) {
    for (const one of classes.length ? classes : ["promo", "help", "service"]) host.report("opt_outs", one);
    if (!classes.length) setTimeout(() => forget(host, call), 100);
  },
  /** As after signing out: the conversation and the visitor are forgotten here, the launcher goes. `init` starts anew. */
  shutdown(host, call) {
    forget(host, call);
    host.app?.stop();
    host.root.host.remove();
  },
};
