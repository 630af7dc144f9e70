// Starts the app in the loader's shadow root: language, session, panel; opens and closes it as the page asks.

import { Fragment, h, render } from "preact";
import { unasked } from "../../shared/conversation.ts";
import { direction, pickLocale, translator, type Messages } from "../../shared/i18n.ts";
import type { Fact } from "../../shared/wire.ts";
import type { App, ExtraModule, Host } from "../contract.ts";
import css from "./app.css";
import { fit } from "./composer.tsx";
import { Panel } from "./panel.tsx";
import { makeSession } from "./session.ts";
import type { Actions, Cards, CardsModule, Kit, OrdersModule, Scene } from "./ui.ts";

const NEEDS_CARDS = /card|offer|request/;

export function adopt(root: ShadowRoot, text: string) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

export async function start(host: Host): Promise<App> {
  const { options, root, button } = host;
  const chunk = <T,>(name: string): Promise<T> => {
    const url = `${host.base}/widget/${name}`;
    // A browser may remember a failure: the second try goes by another address.
    return import(url).catch(() => import(`${url}?${Date.now()}`));
  };
  let kit = await words();
  let cards: Cards | null = null;
  let orders: OrdersModule | undefined;
  const life = new AbortController();
  let cardsAsked = false;
  let drawing = true;

  async function words(): Promise<Kit> {
    const locale = pickLocale([options.locale, document.documentElement.lang, ...navigator.languages], __LOCALES__, "en");
    const { default: messages } = await chunk<{ default: Messages }>(`locale-${locale}-${__EDITION__}.js`);
    return { locale, t: translator(messages, locale) };
  }
  function arrived(fact: Fact) {
    if (fact.fact === "offer_settled") return host.emit("offer", { offer_id: fact.offer_id, state: fact.state, reason: fact.reason });
    if (fact.fact !== "message_created") return;
    const { message } = fact;
    host.emit("message", { id: message.id, sender: message.sender, parts: message.parts });
    const text = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("\n").trim();
    if (text) void chunk<ExtraModule>(__EXTRA__).then(({ nudge }) => nudge(host, { message_id: message.id, text }, unasked(message.sender), true));
  }

  const session = await makeSession(host, () => chunk(__FALLBACK__), soon, arrived);
  const { keep } = session;
  const mount = root.appendChild(document.createElement("div"));
  const dialog = mount.appendChild(document.createElement("dialog"));
  adopt(root, css);
  if (options.position) dialog.classList.add(options.position);
  const find = <T extends Element>(selector: string) => dialog.querySelector<T>(selector);

  const act: Actions = {
    close, post: session.post, requestAgent: session.requestAgent, typing: session.typing,
    send: (parts) => void session.send(parts),
    retry: session.outbox.retry, drop: session.outbox.drop,
    draft: (text) => keep("draft", text),
    orders: (where) => void chunk<OrdersModule>(__ORDERS__).then((made) => (orders = made).open({ h, Fragment, render, scene, host, session }, where), soon),
  };
  const scene = (): Scene => ({ ...kit, thread: session.state.thread, entries: session.state.entries, act, cards, now: Date.now() });

  /** Several changes of one moment are drawn once. */
  function soon() {
    if (drawing) return;
    drawing = true;
    queueMicrotask(draw);
  }
  function draw() {
    drawing = false;
    if (life.signal.aborted) return;
    const { state } = session;
    if (!state.open) return;
    const { t, locale } = kit;
    const { thread, earlier } = state;
    const log = find(".log");
    const atEnd = !log || log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    dialog.dir = direction(locale);
    dialog.lang = locale;
    dialog.ariaLabel = t("dialog", { name: state.inbox?.name ?? "" });
    render(<Panel state={state} scene={scene()} />, dialog);
    orders?.redraw();
    if (atEnd) find(".log")!.scrollTop = 1e9;
    if (!cardsAsked && (thread.status === "resolved" || [...(earlier?.items ?? []), ...thread.items].some((i) => i.kind === "message" && i.message.parts.some((p) => NEEDS_CARDS.test(p.type))))) {
      cardsAsked = true;
      chunk<CardsModule>(__CARDS__).then((made) => {
        adopt(root, made.css);
        cards = made.make({ h, Fragment });
        soon();
      }, () => (cardsAsked = false));
    }
  }
  drawing = false;
  button.ariaBusy = null;
  const theme = () => (dialog.dataset.theme = options.theme ?? "");
  theme();

  function shown(open: boolean) {
    button.ariaExpanded = open ? "true" : null;
    session.show(open);
    keep("open", open ? "1" : "");
    host.emit(open ? "open" : "close");
  }
  const phone = () => matchMedia("(max-width: 480px)").matches;
  function open(text?: string, focus = true) {
    if (!dialog.open) {
      // On a phone it fills the screen and holds the focus; beside a page it leaves the page alone.
      if (phone()) dialog.showModal();
      else dialog.show();
      shown(true);
      draw();
      find(".log")!.scrollTop = 1e9;
    }
    const area = find<HTMLTextAreaElement>(".write textarea")!;
    area.value = text || area.value || keep("draft");
    fit(area);
    if (focus) area.focus();
    else (root.activeElement as HTMLElement | null)?.blur();
  }
  function close() {
    if (!dialog.open) return;
    dialog.close();
    shown(false);
    button.focus();
  }
  button.onclick = () => (dialog.open ? close() : open());
  dialog.oncancel = (event) => {
    event.preventDefault();
    close();
  };
  dialog.onkeydown = (event) => {
    if (event.key === "Escape") close();
    event.stopPropagation();
  };
  const on = (target: EventTarget, name: string, listener: (event: never) => void) => target.addEventListener(name, listener as EventListener, { signal: life.signal });
  on(window, "pagehide", () => session.link.close());
  on(window, "pageshow", (event: PageTransitionEvent) => event.persisted && session.link.open());
  on(document, "shopbell:theme", theme);
  const minute = setInterval(draw, 60_000);
  session.link.open();
  // Open on the page before: open again, without taking the focus from this one.
  if (keep("open") && !phone()) open("", false);

  return {
    open, close,
    toggle: () => (dialog.open ? close() : open()),
    send(text) {
      open();
      act.send([{ type: "text", text }]);
    },
    orders(where) {
      open();
      act.orders(where);
    },
    renew() {
      words().then((next) => {
        kit = next;
        soon();
      }, () => 0);
      session.renew();
    },
    stop() {
      life.abort();
      clearInterval(minute);
      for (const what of ["draft", "open", "earlier"]) keep(what, "");
      mount.remove();
      void session.stop();
    },
  };
}
