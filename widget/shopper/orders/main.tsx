// "My orders" over the chat: the list, one order, and the form by which a guest shows whose order it is. A chunk of its own,
// fetched when somebody opens it. Walk f in the browser; what may be seen is decided by the server alone.

import { direction } from "../../shared/i18n.ts";
import type { CommandFailed } from "../../shared/failure.ts";
import type { OrderView } from "../../shared/wire.ts";
import type { OrdersKit, Where } from "../app/ui.ts";
import { give } from "../cards/jsx.ts";
import { List } from "./list.tsx";
import { One } from "./one.tsx";
import sheet from "./orders.css";
import type { Looks, Told } from "./state.ts";

/** Looked up again this often while it is open: a hint of a change may be lost. */
const AGAIN_MS = 60_000;
/** And this often while the shop has not told us of the order yet whose link was opened. */
const SOON_MS = 3_000;
/** How long a new connection may need to say hello. */
const HELLO_MS = 1_000;
let shown: ((where?: Where) => void) | undefined;

/** The conversation behind it has changed: what was offered may stand otherwise. */
export const redraw = () => drawn();
let drawn = () => {};

/** Opens the view: at one order (`{id}`), by the shop's link (`{token}`), else at the list. */
export function open(kit: OrdersKit, where?: Where) {
  if (!kit.host.root.querySelector(".orders")) shown = make(kit);
  shown!(where);
}

function make(kit: OrdersKit): (where?: Where) => void {
  const { session, render, host } = kit;
  const dialog = host.root.querySelector("dialog")!;
  give(kit);
  const look = new CSSStyleSheet();
  look.replaceSync(sheet);
  host.root.adoptedStyleSheets = [...host.root.adoptedStyleSheets, look];
  const root = dialog.appendChild(document.createElement("div"));
  root.className = "orders";
  let looks: Looks = { load: "loading", orders: [], at: null, busy: false, trouble: null, focus: null };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let listening: AbortController | undefined;
  let from: Element | null = null;
  let token: string | undefined;
  let awaited: string | undefined;

  const set = (change: Partial<Looks>) => {
    looks = { ...looks, ...change };
    draw();
  };

  function draw() {
    if (!dialog.classList.contains("ordering")) return;
    const scene = kit.scene();
    root.dir = direction(scene.locale);
    const order = looks.orders.find((one) => one.order_id === looks.at);
    render(order ? <One order={order} looks={looks} scene={scene} act={act} /> : <List looks={looks} scene={scene} act={act} />, root);
    if (!looks.focus) return;
    root.querySelector<HTMLElement>(looks.focus)?.focus();
    looks.focus = null;
  }

  drawn = draw;

  /** A connection takes nothing before it has said hello: just opened, or just opened again. */
  async function ask<T>(name: string, body: object): Promise<T> {
    try {
      return await session.link.command<T>(name, body);
    } catch (error) {
      if ((error as CommandFailed).code !== "bad_request") throw error;
      await new Promise((done) => setTimeout(done, HELLO_MS));
      return session.link.command<T>(name, body);
    }
  }

  async function load(): Promise<void> {
    clearTimeout(timer);
    const { synced, link } = session.state;
    timer = setTimeout(() => !document.hidden && load(), !synced || link !== "online" ? HELLO_MS : awaited || looks.load === "error" ? SOON_MS : AGAIN_MS);
    if (!synced && link !== "offline" && link !== "stopped") return;
    if (token) return byLink();
    try {
      const { orders } = await ask<{ orders: OrderView[] }>("list_orders", {});
      const come = orders.some((one) => one.order_id === awaited);
      set({ orders, load: "ready", ...(come && { at: awaited!, trouble: null, focus: ".ohead h2" }) });
      if (come) awaited = undefined;
    } catch {
      if (looks.load !== "ready") set({ load: "error" });
    }
  }

  const troubled = (error: unknown): Told => {
    const { code, retryAfterMs, transient } = error as CommandFailed;
    return { code: code === "rate_limited" ? code : transient ? "unavailable" : "not_found", minutes: Math.ceil((retryAfterMs ?? 60_000) / 60_000) };
  };

  /** The shop's link: kept until it has been answered, so that a break in the line loses nothing. */
  async function byLink() {
    try {
      const { order, order_id } = await ask<{ order: OrderView | null; order_id: string }>("open_order", { token });
      token = undefined;
      awaited = order ? undefined : order_id;
      await load();
      set(order || !awaited ? { at: order_id, focus: ".ohead h2", trouble: null } : { trouble: { code: "soon", minutes: 0 } });
    } catch (error) {
      const trouble = troubled(error);
      if (trouble.code !== "not_found") return set({ load: looks.load === "ready" ? "ready" : "error" });
      token = undefined;
      await load();
      set({ trouble: { ...trouble, code: "link" } });
    }
  }

  const act = {
    close() {
      if (!dialog.classList.contains("ordering")) return;
      listening?.abort();
      clearTimeout(timer);
      dialog.classList.remove("ordering");
      render(null, root);
      (from as HTMLElement | null)?.focus?.();
    },
    leave: () => dialog.querySelector<HTMLElement>(".head .x:last-child")?.click(),
    list() {
      set({ at: null, trouble: null, focus: looks.at ? `[data-order="${CSS.escape(looks.at)}"]` : ".ohead h2" });
    },
    one(id: string) {
      awaited = undefined;
      set({ at: id, trouble: null, focus: ".ohead h2" });
    },
    again() {
      set({ load: "loading" });
      void load();
    },
    async find(number: string, contact: string) {
      set({ busy: true, trouble: null });
      const told = contact.includes("@") ? { email: contact } : { phone: contact };
      try {
        const { order_id } = await ask<{ order_id: string }>("find_order", { number, ...told });
        await load();
        set({ busy: false, at: order_id, focus: ".ohead h2" });
      } catch (error) {
        set({ busy: false, trouble: troubled(error), focus: "#onumber" });
      }
    },
    async forget(id: string) {
      set({ busy: true });
      try {
        await ask("forget_order", { order_id: id });
        await load();
        set({ busy: false, at: null, focus: ".ohead h2" });
      } catch (error) {
        set({ busy: false, trouble: troubled(error) });
      }
    },
  };
  root.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    if (looks.at) act.list();
    else act.close();
  };

  return (where) => {
    if (!dialog.classList.contains("ordering")) {
      from = host.root.activeElement;
      dialog.classList.add("ordering");
      listening = new AbortController();
      const { signal } = listening;
      document.addEventListener("shopbell:order_changed", () => void load(), { signal });
      document.addEventListener("visibilitychange", () => document.hidden || void load(), { signal });
      document.addEventListener("shopbell:close", () => clearTimeout(timer), { signal });
      document.addEventListener("shopbell:open", () => void load(), { signal });
    }
    if (where?.token) token = where.token;
    looks = { ...looks, at: where?.id ?? null, trouble: null, focus: ".ohead h2" };
    draw();
    void load();
  };
}
