// Shows the console in one scripted state, without a server: states.html?state=thread&theme=dark&dir=rtl&locale=pl.
import { render } from "preact";
import { CommandFailed } from "../../shared/failure.ts";
import type { Fact, Row } from "../../shared/wire.ts";
import { listen } from "../keys.ts";
import { App } from "../parts/app.tsx";
import { choose, open, setTheme } from "../state/actions.ts";
import { attach, type Card } from "../state/attached.ts";
import { takePassing } from "../state/live.ts";
import { explainOrder, findOrders } from "../state/orders.ts";
import { plug, type Port } from "../state/port.ts";
import { fromServer } from "../state/rows.ts";
import { agents, boot, ended, help, link, listLoad, me, menu, mode, outbox, pane, panelOpen, query, resolvedLoad, rows, toast, view } from "../state/store.ts";
import { speak } from "../words.ts";
import { arabic, bot, factsOf, polish, resolved } from "./facts.ts";
import { EXPLAINED, FOUND } from "./orders.ts";
import { fullPanel, guestPanel } from "./panel.ts";
import { AGENTS, manyRows, ME, RESOLVED, ROWS } from "./rows.ts";

const ask = new URLSearchParams(location.search);
const state = ask.get("state") ?? "thread";
const never = new Promise<never>(() => {});
const refuse = (code: "unavailable" | "not_found"): Promise<never> => Promise.reject(new CommandFailed({ code, message: "" }));

function logOf(row: Row, at: number): Fact[] {
  if (row.status === "resolved") return resolved(row.id);
  return at === 1 ? polish(row.id) : at === 2 ? arabic(row.id) : row.status === "bot" ? bot(row.id) : factsOf(row.id);
}

function answer(name: string, body: Record<string, unknown>): Promise<unknown> {
  if (state === "thread-loading" || (name === "reply" && state === "pending")) return never;
  if (state === "thread-error") return refuse("unavailable");
  if (name === "find_orders") return state === "lookup-error" ? refuse("unavailable") : Promise.resolve({ ok: true, orders: state === "lookup-none" ? [] : FOUND });
  if (name === "explain_order") return Promise.resolve({ ok: true, ...EXPLAINED });
  if (name !== "sync") return Promise.resolve({ ok: true });
  const row = rows.value.get(String(body["conversation"]));
  if (!row) return refuse("not_found");
  const facts = logOf(row, ROWS.findIndex((one) => one.id === row.id));
  const told = { ...row, seq: facts.length };
  return Promise.resolve({ ok: true, row: told, epoch: 1, start: 0, facts, complete: true, reset: true, panel: row.contact.name ? fullPanel(row) : guestPanel(row) });
}

const fake: Port = { command: (name, body) => answer(name, body as Record<string, unknown>) as never, get: () => never, dial: () => {} };
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function show(): Promise<void> {
  const theme = ask.get("theme");
  if (theme === "light" || theme === "dark") setTheme(theme);
  boot.value = { agent: { id: ME, name: "Agent", role: state === "places" ? "supervisor" : "agent" }, csrf: "x", locale: "en", inbox: { id: "demo", name: "Demo shop", locales: ["en", "pl"], color: "#4338ca", currency: "PLN" } };
  me.value = { ...boot.value.agent, availability: "online" };
  await speak([ask.get("locale") ?? "en-GB"], "en");
  document.documentElement.dir = ask.get("dir") ?? "ltr";
  plug(fake);
  panelOpen.value = innerWidth > 1280 || state === "panel";
  link.value = "online";
  agents.value = AGENTS;
  const all = state === "many" ? [...ROWS, ...manyRows(400)] : state.startsWith("empty") ? [] : ROWS;
  rows.value = new Map([...all, ...(state.startsWith("empty") ? [] : RESOLVED)].map((row) => [row.id, fromServer(row)]));
  listLoad.value = state === "loading" ? "loading" : state === "list-error" ? "error" : "ready";
  resolvedLoad.value = "ready";
  render(<App />, document.getElementById("app")!);
  listen();
  await act();
  document.body.dataset.ready = "yes";
}

const CARDS = ["Halla wool blanket", "Kopla enamel mug", "Topla beanie", "Torra 20 dry bag", "Rygga 28 backpack with a rather long name", "Stilla candle"].map((name, at): Card => (
  { id: `p-${at}`, name, image_url: null, price: 4_900 + at * 8_000, price_to: at === 1 ? 5_900 : null, currency: "PLN" }));

async function act(): Promise<void> {
  const id = (at: number): string => ROWS[at]!.id;
  const typing = (at: number, kind: "visitor" | "agent", who: string, name: string): void => takePassing("typing_changed", { conversation: id(at), who: { kind, id: who, name }, typing: true });
  typing(6, "visitor", "v", "");
  switch (state) {
    case "blank": case "loading": case "list-error": case "empty": return;
    case "empty-queue": return choose("unassigned");
    case "filtered": return void (query.value = "zażółć");
    case "queue": case "many": choose("unassigned"); return open(id(5));
    case "resolved": choose("resolved"); return open(RESOLVED[4]!.id);
    case "bot": choose("bot"); return open(id(8));
    case "all": return choose("all");
    case "theirs": choose("all"); return open(id(11));
    case "polish": return open(id(1));
    case "arabic": return open(id(2));
    case "guest": return open(id(3));
    case "list": return;
    case "places": menu.value = "places"; return;
  }
  open(id(0));
  await wait(60);
  const item = { client_id: "mine", conversation: id(0), kind: "reply" as const, text: "Yes, you can choose a pick-up point until the courier has it.", at: new Date().toISOString(), seen_seq: 9, tries: 0, error: null };
  switch (state) {
    case "note": mode.value = "note"; return;
    case "stale": outbox.value = [{ ...item, state: "stale", error: { code: "stale", message: "", seq: 20 } }]; return;
    case "failed-cards": outbox.value = [{ ...item, products: CARDS.slice(0, 2), state: "failed", error: { code: "forbidden", message: "" } }]; return;
    case "cards": return attach(id(0), CARDS.slice(0, 5));
    case "cards-over": return attach(id(0), CARDS);
    case "failed": outbox.value = [{ ...item, state: "failed", error: { code: "forbidden", message: "" } }]; return;
    case "pending": outbox.value = [{ ...item, state: "sending" }]; return;
    case "locked": typing(0, "agent", "agt_b", "Agent B"); typing(0, "visitor", "vis_1", ""); return;
    case "assign": menu.value = "assign"; return;
    case "search-number": query.value = "10482"; return;
    case "lookup": case "lookup-none": case "lookup-error": return findOrders("10482");
    case "why": return explainOrder("A-10482", "10482");
    case "help": help.value = true; return;
    case "ended": ended.value = true; return;
    case "offline": link.value = "offline"; outbox.value = [{ ...item, state: "waiting" }]; await wait(1_700); return;
    case "reconnecting": link.value = "connecting"; await wait(1_700); return;
    case "draining": link.value = "draining"; await wait(1_700); return;
    case "toast": toast("Someone else was faster: this conversation is already taken."); return;
    case "details": case "panel": pane.value = "details"; return;
    case "view": view.value = "all"; return;
  }
}

void show();
