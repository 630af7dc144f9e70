// What we said unasked and why (or why not), and what the shopper does on the site right now.
import { Icon, type IconName } from "../icons.tsx";
import type { Panel, Verdict } from "../../shared/wire.ts";
import { boot } from "../state/store.ts";
import { clock, money, named, t, when } from "../words.ts";

const SHOWN = 12;
const DECISION_ICON: Record<Verdict["decision"], IconName> = { send: "check", hold: "pause", drop: "no" };

/** "Sent", "Held until 14:00: quiet hours", "Not sent: promo budget used up". */
export function verdictWords(verdict: Verdict): string {
  const reason = named("reason", verdict.reason);
  if (verdict.decision === "send") return t("verdict.send");
  if (verdict.decision === "drop") return t("verdict.drop", { reason });
  return verdict.until ? t("verdict.hold_until", { until: when(verdict.until), reason }) : t("verdict.hold", { reason });
}

export const VerdictLine = ({ verdict }: { verdict: Verdict }) => (
  <li class={`verdict ${verdict.decision}`}>
    <span class="ic"><Icon name={DECISION_ICON[verdict.decision]} size={14} /></span>
    <b>{verdictWords(verdict)}</b>
    {verdict.text && <span class="cut soft" dir="auto" title={verdict.text}>{verdict.text}</span>}
    <span class="small">{named("class", verdict.class)} · {named("source", verdict.source)} · <time dateTime={verdict.at}>{when(verdict.at)}</time></span>
  </li>
);

type Activity = NonNullable<Panel["visit"]>["activities"][number];
const str = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** The part of an address that tells the page: path and query, without the shop's host. */
function pathOf(url: string): string {
  try {
    const { pathname, search } = new URL(url);
    return decodeURI(pathname + search);
  } catch {
    return url;
  }
}

/** What an activity was about, in the words of the shop where there are some. */
export function aboutActivity({ kind, data }: Activity): string {
  const items = Array.isArray(data["items"]) ? (data["items"] as { name?: unknown }[]).map((item) => str(item.name)).filter(Boolean).join(", ") : "";
  const value = typeof data["value"] === "number" ? money(data["value"], str(data["currency"]) || boot.value.inbox.currency) : "";
  switch (kind) {
    case "page_view":
      return str(data["title"]) || pathOf(str(data["url"]));
    case "dwell":
      return t("activity.seconds", { n: Number(data["seconds"]) || 0, page: pathOf(str(data["url"])) });
    case "scroll":
      return t("activity.depth", { n: Number(data["depth"]) || 0, page: pathOf(str(data["url"])) });
    case "search":
      return data["results"] === 0 ? t("activity.search_none", { term: str(data["term"]) }) : `“${str(data["term"])}”`;
    case "form_error":
      return [data["form"], data["field"]].map(str).filter(Boolean).join(" · ");
    case "track":
      return str(data["name"]);
    case "exit_intent":
      return pathOf(str(data["url"]));
    default:
      return [items, value].filter(Boolean).join(" · ");
  }
}

const HOT = new Set(["add_to_cart", "begin_checkout", "purchase", "add_payment_info", "add_shipping_info"]);

export function VisitBody({ visit }: { visit: NonNullable<Panel["visit"]> }) {
  const list = [...visit.activities].sort((a, b) => (a.at < b.at ? 1 : -1));
  const line = (one: Activity) => (
    <li class={one.kind === "form_error" ? "bad" : HOT.has(one.kind) ? "hot" : ""}>
      <span>{named("activity", one.kind)}</span><time dateTime={one.at}>{clock(one.at)}</time>
      <span class="small" dir="auto">{aboutActivity(one)}</span>
    </li>
  );
  return (
    <>
      {visit.page && <div class="card"><div class="small">{t("visit.page")}</div><span dir="auto">{visit.page.title || pathOf(visit.page.url)}</span><span class="small cut" dir="ltr">{pathOf(visit.page.url)}</span></div>}
      {list.length === 0 ? <p class="none">{t("visit.none")}</p> : <ol class="tl">{list.slice(0, SHOWN).map(line)}</ol>}
      {list.length > SHOWN && <details class="fold"><summary>{t("visit.more", { n: list.length - SHOWN })}</summary><ol class="tl">{list.slice(SHOWN).map(line)}</ol></details>}
    </>
  );
}
