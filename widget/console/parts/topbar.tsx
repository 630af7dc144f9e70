// Rail, top bar and the list of views: where the agent is, whether we are connected, and who is there.
import { useRef } from "preact/hooks";
import { Icon, type IconName } from "../icons.tsx";
import { choose, open, setAvailability, setTheme } from "../state/actions.ts";
import { toggleBell } from "../state/bell.ts";
import { findOrders, maybeNumber } from "../state/orders.ts";
import { VIEWS, type View } from "../state/rows.ts";
import { agents, bell, boot, counts, help, link, listLoad, me, query, resolvedLoad, theme, view, visible } from "../state/store.ts";
import { t } from "../words.ts";
import { Avatar, IconButton, Menu, MenuItem, MenuLink } from "./small.tsx";

export const VIEW_ICON: Record<View, IconName> = { mine: "person", unassigned: "queue", bot: "bot", all: "all", resolved: "checkcircle" };
const DOT = { online: "ok", away: "warn", offline: "" } as const;
const THEME_ICON = { system: "screen", light: "sun", dark: "moon" } as const;

export function signOut(): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/console/logout";
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "csrf";
  field.value = boot.value.csrf;
  form.append(field);
  document.body.append(form);
  form.submit();
}

const ThemeMenu = ({ id, kind, side }: { id: string; kind: string; side: string }) => (
  <Menu id={id} label={t("theme.label")} kind={kind} side={side} button={<Icon name={THEME_ICON[theme.value]} size={19} />}>
    {(["system", "light", "dark"] as const).map((one) => (
      <MenuItem icon={THEME_ICON[one]} checked={theme.value === one} onClick={() => setTheme(one)}>{t(`theme.${one}`)}</MenuItem>
    ))}
  </Menu>
);

const SUPERVISING = new Set(["owner", "admin", "supervisor"]);

/** The places of the console that this agent may go to; the first is this page. */
const places = (): { href: string; icon: IconName; label: string }[] => [
  { href: "#inbox", icon: "inbox", label: t("rail.inbox") },
  ...(SUPERVISING.has(boot.value.agent.role) ? [{ href: "/console/sources", icon: "plug" as const, label: t("rail.sources") }] : []),
];

export const Rail = () => (
  <nav class="rail" aria-label={t("rail.label")}>
    <span class="mark"><Icon name="bell" size={20} /></span>
    {places().map(({ href, icon, label }, at) => (
      <a class="item" href={href} aria-current={at === 0 ? "page" : undefined} aria-label={label} title={label} onClick={(event: Event) => at === 0 && event.preventDefault()}>
        <Icon name={icon} size={21} />
      </a>
    ))}
    <span class="grow" />
    <IconButton icon="help" label={t("help.open")} size={20} kind="item" onClick={() => (help.value = true)} />
    <IconButton icon="exit" label={t("rail.signout")} size={20} flip kind="item" onClick={signOut} />
  </nav>
);

/** The rail as a menu, where there is no room for it. */
const Places = () => (
  <nav class="places" aria-label={t("rail.label")}>
    <Menu id="places" label={t("rail.menu")} kind="btn plain icon" side="start" button={<Icon name="menu" size={20} />}>
      {places().map(({ href, icon, label }, at) => <MenuLink icon={icon} href={href} current={at === 0}>{label}</MenuLink>)}
      <hr role="separator" />
      <MenuItem icon="help" onClick={() => (help.value = true)}>{t("help.open")}</MenuItem>
      <MenuItem icon="exit" onClick={signOut}>{t("rail.signout")}</MenuItem>
    </Menu>
  </nav>
);

function Search() {
  const field = useRef<HTMLInputElement>(null);
  return (
    <div class="search" role="search">
      <Icon name="search" size={16} />
      <input
        id="search" ref={field} type="search" autocomplete="off" spellcheck={false} placeholder={t("search.placeholder")} aria-label={t("search.label")} value={query.value}
        onInput={(event) => (query.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          const first = visible.value[0];
          if (event.key === "Enter" && first) open(first.id);
          else if (event.key === "Enter" && maybeNumber(query.value)) {
            // What opens above the page is not to take this key too; the field has the caret again when it closes.
            event.preventDefault();
            return void findOrders(query.value);
          }
          else if (event.key === "Escape") query.value = "";
          else return;
          event.currentTarget.blur();
        }}
      />
      {query.value === "" ? <kbd aria-hidden="true">/</kbd> : (
        <button type="button" aria-label={t("search.clear")} onClick={() => ((query.value = ""), field.current?.focus())}><Icon name="x" size={15} /></button>
      )}
      {maybeNumber(query.value) && <button type="button" class="btn primary lookup" onClick={() => void findOrders(query.value)}><Icon name="parcel" size={16} /><span class="cut">{t("lookup.search", { number: query.value.trim() })}</span></button>}
    </div>
  );
}

function Connection() {
  const state = link.value;
  const tone = state === "online" ? "ok" : state === "connecting" || state === "draining" ? "warn pulse" : "bad";
  return (
    <span class="conn" role="status" title={t(`link.${state}`)}>
      <span class={`dot ${tone}`} />
      <span class="txt">{t(`link.${state}`)}</span>
    </span>
  );
}

export function Top() {
  const { availability, name, id } = me.value;
  return (
    <header class="top">
      <Places />
      <div class="crumb"><b class="cut">{t("top.title")}</b><span class="mut cut">{boot.value.inbox.name}</span></div>
      <Search />
      <span class="grow wide-only" />
      <Connection />
      <IconButton
        icon={bell.value === "on" ? "bell" : "belloff"} size={19} pressed={bell.value === "on"} kind="btn plain icon"
        label={bell.value === "denied" ? t("bell.denied") : bell.value === "on" ? t("bell.on") : t("bell.off")} onClick={() => void toggleBell()}
      />
      <ThemeMenu id="theme" kind="btn plain icon" side="" />
      <Menu
        id="availability" label={t("availability.label", { state: t(`availability.${availability}`) })} kind="btn who"
        button={<><span class={`dot ${DOT[availability]}`} /><span class="txt">{t(`availability.${availability}`)}</span><Icon name="down" size={14} /></>}
      >
        <div class="label" role="presentation">{name}</div>
        {(["online", "away", "offline"] as const).map((one) => (
          <MenuItem dot={DOT[one] || "off"} checked={availability === one} onClick={() => void setAvailability(one)}>{t(`availability.${one}`)}</MenuItem>
        ))}
        <hr role="separator" />
        <MenuItem icon="help" onClick={() => (help.value = true)}>{t("help.open")}</MenuItem>
        <MenuItem icon="exit" onClick={signOut}>{t("rail.signout")}</MenuItem>
      </Menu>
      <span class="wide-only"><Avatar name={name || "?"} seed={id} size="small" /></span>
    </header>
  );
}

/** How many are in a view; the resolved ones are fetched on demand, so their number is not known before. */
export const countOf = (one: View): string => (listLoad.value !== "ready" ? "" : one === "resolved" ? (resolvedLoad.value === "ready" ? String(counts.value.resolved) : "") : String(counts.value[one]));

export function Views() {
  return (
    <nav class="views" aria-label={t("views.label")}>
      <h2>{t("views.title")}</h2>
      <ul>
        {VIEWS.map((one) => (
          <li>
            <button type="button" class="view" aria-current={view.value === one ? "true" : undefined} onClick={() => choose(one)}>
              <Icon name={VIEW_ICON[one]} size={18} />
              <span class="cut">{t(`view.${one}`)}</span>
              <span class={`n ${one === "unassigned" && listLoad.value === "ready" && counts.value.unassigned > 0 ? "hot" : ""}`}>{countOf(one)}</span>
            </button>
          </li>
        ))}
      </ul>
      {agents.value.length > 0 && (
        <>
          <h2>{t("views.team")}</h2>
          <ul>
            {agents.value.map((agent) => (
              <li class="mate">
                <span class={`dot ${DOT[agent.availability]}`} role="img" aria-label={t(`availability.${agent.availability}`)} />
                <span class="cut">{agent.id === me.value.id ? t("views.you", { name: agent.name }) : agent.name}</span>
                <span class="load" title={t("views.load", { n: agent.load, max: agent.capacity })}>{agent.load}/{agent.capacity}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </nav>
  );
}
