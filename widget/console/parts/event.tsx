// Everything that happened in a conversation and is not a message, as one sentence at its place.
import { Icon, type IconName } from "../icons.tsx";
import type { Item } from "../../shared/conversation.ts";
import type { Fact, Sender } from "../../shared/wire.ts";
import { me, thread } from "../state/store.ts";
import { clock, day, named, offerReason, span, t, when } from "../words.ts";

type EventFact = Exclude<Fact, { fact: "message_created" }>;

const who = (by: Partial<Sender> | null): string => {
  if (!by || (!by.name && !by.kind)) return t("who.system");
  if (by.kind === "agent" && by.id === me.value.id) return t("who.you");
  return by.name || named("who", by.kind ?? "system");
};

const offerTitle = (offerId: string): string => {
  for (const item of thread.value.items)
    if (item.kind === "message") for (const part of item.message.parts) if (part.type === "offer" && part.offer.id === offerId) return part.offer.title;
  return t("offer.some");
};

/** Reasons with which the bot hands over; its context card, recorded with it, stands in the panel and needs no line. */
const BY_BOT = new Set(["requested", "bot_failed", "complaint", "bot_unavailable", "bot_asked"]);

/** The sentence of a fact, its icon, and whether it stands out; null for what an agent need not read. */
export function sentence(fact: EventFact): { text: string; icon: IconName; strong?: boolean } | null {
  switch (fact.fact) {
    case "conversation_queued":
      return {
        icon: BY_BOT.has(fact.reason) ? "bot" : "queue", strong: true,
        text: `${t(BY_BOT.has(fact.reason) ? "event.handed_over" : "event.queued", { reason: named("queued", fact.reason) })}${fact.promised_minutes === null ? "" : ` ${t("event.promised", { time: span(fact.promised_minutes) })}`}`,
      };
    case "conversation_assigned": {
      if (!fact.agent) return { icon: "queue", text: t("event.unassigned", { who: who(fact.by) }) };
      const self = fact.agent.id === me.value.id;
      const by = fact.by?.kind === "agent" && fact.by.id === fact.agent.id;
      if (by) return { icon: "assign", text: self ? t("event.you_claimed") : t("event.claimed", { name: fact.agent.name }) };
      if (fact.by?.kind === "agent") return { icon: "assign", text: self ? t("event.assigned_you", { who: who(fact.by) }) : t("event.assigned_by", { name: fact.agent.name, who: who(fact.by) }) };
      return { icon: "assign", text: self ? t("event.routed_you") : t("event.routed", { name: fact.agent.name }) };
    }
    case "conversation_snoozed":
      return { icon: "clock", text: t("event.snoozed", { until: `${day(fact.until)}, ${clock(fact.until)}` }) };
    case "conversation_resolved":
      return { icon: "checkcircle", strong: true, text: t("event.resolved", { who: who(fact.by) }) };
    case "conversation_returned":
      return { icon: "bot", text: t("event.returned", { who: who(fact.by) }) };
    case "conversation_rated":
      return { icon: "star", strong: true, text: t("event.rated", { score: fact.score }) };
    case "proactive_shown":
      return { icon: "eye", text: t(`event.nudge_${fact.state}`) };
    case "offer_settled":
      return { icon: "gift", strong: fact.state === "done" || fact.state === "refused", text: t(`event.offer_${fact.state}`, { title: offerTitle(fact.offer_id), reason: fact.reason ? `: ${offerReason(fact.reason)}` : "" }) };
    case "bot_answer_dropped":
      return { icon: "bot", text: t("event.dropped", { reason: named("dropped", fact.reason) }) };
    case "context_recorded":
    case "message_read":
    case "hidden":
      return null;
  }
}

export function EventView({ item }: { item: Extract<Item, { kind: "event" }> }) {
  const told = sentence(item.fact);
  if (!told) return null;
  const rated = item.fact.fact === "conversation_rated" ? item.fact : null;
  return (
    <li class="mid">
      <div class={`ev ${told.strong ? "strong" : ""}`} title={when(item.at)}>
        <Icon name={told.icon} size={15} />
        <span>
          {told.text}
          {rated && <span class="stars" aria-hidden="true"> {"★".repeat(rated.score)}{"☆".repeat(Math.max(0, 5 - rated.score))}</span>}
          {rated?.comment && <span class="soft" dir="auto"> “{rated.comment}”</span>}
        </span>
        <time dateTime={item.at}>{clock(item.at)}</time>
      </div>
    </li>
  );
}
