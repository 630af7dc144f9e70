// What every page of a shop loads: at idle it draws the launcher, keeps the visitor's token, watches the page and sends
// beacons; it fetches the app on intent only. Walks b and c pass here; it decides nothing about messages.

import { beacon } from "./beacon.ts";
import { watch } from "./capture.ts";
import type { App, AppModule, Call, ExtraModule, Host, InitOptions } from "./contract.ts";
import css from "./loader.css";

const page = window as unknown as { shopbell?: Call & { q?: unknown[][]; on?: number } };
const base = (document.currentScript as HTMLScriptElement).src.split("/widget/")[0]!;
const chunk = <T>(name: string) => import(base + "/widget/" + name + again) as Promise<T>;
const extra = (use: (module: ExtraModule) => void) => chunk<ExtraModule>(__EXTRA__).then(use);
/** Browsers may remember a failure: after one, chunks are asked for by another address. */
let again = "";
const language = () => host!.options.locale || document.documentElement.lang;

let host: Host | undefined;
let watching: ReturnType<typeof watch> | undefined;
let loading: Promise<App> | undefined;

/** The launcher and what the app may do to the page. Constructed style sheet and CSSOM only, for a strict CSP with Trusted Types. */
function makeHost(options: InitOptions): Host {
  const outer = document.createElement("shopbell-chat");
  const root = outer.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const button = root.appendChild(document.createElement("button"));
  button.className = "l " + options.position;
  button.hidden = options.launcher === false;
  button.onclick = () => call("open");
  button.onpointerenter = button.onfocus = () => chunk(__APP__);
  return {
    base, options, root, button, with: withApp, report: sender.report, page: () => watching?.page(),
    keep(token) {
      const slot = "shopbell." + options.key;
      const may = allowed();
      try {
        // Another tab may have got a newer one.
        if (may) token ??= localStorage[slot] as string;
        this.token = token ?? this.token ?? "";
        if (may) localStorage[slot] = this.token;
        return may;
      } catch {
        // The browser refuses: the visitor lives as long as this page.
      }
    },
    emit: (name, detail) => document.dispatchEvent(new CustomEvent("shopbell:" + name, { detail })),
    unread(count) {
      button.textContent = __LABELS__[language().slice(0, 2)] ?? "Chat";
      if (count) button.appendChild(document.createElement("b")).textContent = ` ${count} `;
      this.emit("unread", { count });
    },
    brand: (color) => outer.style.setProperty("--brand", options.color ?? color),
  };
}

/** Fetches and starts the app once; while that fails, the launcher shows that it is still at it. */
const withApp = (use?: (app: App) => void) => {
  if (!loading) {
    host!.button.ariaBusy = "true";
    loading = chunk<AppModule>(__APP__).then(async ({ start }) => (host!.app = await start(host!)));
  }
  loading.then(use, () => {
    again += "?";
    loading = undefined;
    setTimeout(withApp, 3e3, use);
  });
};

// Neither "required" nor false.
const allowed = () => host && !/^[rf]/.test(host.options.consent as string);

const sender = beacon(base + "/v1/visits", () => {
  if (!allowed()) return;
  host!.keep();
  const { key, identity, timezone, consent } = host!.options;
  return {
    key, identity, timezone, consent: consent === true || undefined, visitor: host!.token, locale: language(),
    page: { url: location.href, title: document.title },
  };
}, (answer) => {
  // The app has its own token from the socket; one that a beacon got at the same time is of another visitor.
  if (!host!.app || host!.options.identity) host!.keep(answer.visitor);
  host!.brand(answer.inbox.color);
  if (answer.nudge) extra(({ nudge }) => nudge(host!, answer.nudge!, true));
  if (host!.app) return;
  host!.unread(answer.unread);
  if (answer.connect) withApp();
});

/** Beacons and capture start with consent; under Global Privacy Control only what brings order news is sent. */
function begin() {
  if (!allowed()) return;
  if ((navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) sender.flush();
  else watching ??= watch(sender.note, (entry) => extra(({ ecommerce }) => ecommerce(sender.note, entry)));
}

const api: Record<string, (...args: never[]) => unknown> = {
  init(options: InitOptions) {
    options.timezone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
    (window.requestIdleCallback ?? setTimeout)(() => {
      host = makeHost(options);
      loading = undefined;
      host.brand("#40c");
      host.unread(0);
      document.body.append(host.root.host);
      begin();
      for (const [method, ...args] of queue.splice(0)) method === "init" || call(method as string, ...args);
      host.emit("ready");
    });
  },
  open: (text?: string) => withApp((app) => app.open(text)),
  identify(who?: { token: string }) {
    host!.options.identity = who?.token;
    sender.flush();
    host!.app?.renew();
  },
  track: (name: string, properties = {}) => watching && sender.note("track", { name, properties }),
  consent(given: boolean) {
    host!.options.consent = given;
    begin();
  },
};

// Calls wait until the launcher is drawn. What is not here is in `extra`; a method that does not exist says nothing.
const queue = page.shopbell?.q ?? [];
const call: NonNullable<typeof page.shopbell> = (method, ...args) =>
  !host && method !== "init" ? queue.push([method, ...args])
  : api[method] ? api[method](...(args as never[]))
  : extra(({ more }) => more[method]?.(host!, call, ...(args as never[])));

if (!page.shopbell?.on) {
  page.shopbell = call;
  call.on = 1;
  addEventListener("visibilitychange", () => document.hidden && (watching?.leave(), sender.leave()));
  const first = queue.find(([method]) => method === "init");
  if (first) call(...(first as [string]));
}
