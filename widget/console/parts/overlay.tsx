// What lies above the page: the keys, the end of the session, short notes; and the band that tells of a lost connection.
import { Icon } from "../icons.tsx";
import { port } from "../state/port.ts";
import { ended, help, link, outbox, toasts } from "../state/store.ts";
import { t } from "../words.ts";
import { Dialog } from "./dialog.tsx";

const KEYS: [string[], string][] = [
  [["J"], "next"], [["K"], "previous"], [["Enter"], "open"], [["R"], "reply"], [["N"], "note"], [["C"], "claim"], [["A"], "assign"], [["S"], "snooze"], [["E"], "resolve"],
  [["P"], "panel"], [["/"], "search"], [["Esc"], "back"], [["?"], "help"],
];
const TYPING: [string[], string][] = [[["Enter"], "send"], [["Shift", "Enter"], "newline"], [["Esc"], "leave"]];

const Keys = ({ list }: { list: [string[], string][] }) => (
  <dl class="keys">{list.map(([keys, name]) => <div><dt>{t(`key.${name}`)}</dt><dd>{keys.map((key) => <kbd>{key}</kbd>)}</dd></div>)}</dl>
);

export const Help = () => (
  <Dialog title={t("help.title")} close={() => (help.value = false)}>
    <Keys list={KEYS} />
    <h3>{t("help.writing")}</h3>
    <Keys list={TYPING} />
  </Dialog>
);

export function Ended() {
  // Back to the open conversation: over the form, or at once where another tab has signed in again meanwhile.
  const { hash } = location;
  return (
    <Dialog title={t("ended.title")} kind="center" icon="lock" about="ended-text">
      <p id="ended-text">{t("ended.text")}</p>
      <a class="btn primary" href={`/console/login?next=${encodeURIComponent(`/console${hash}`)}${hash}`}>{t("ended.action")}</a>
    </Dialog>
  );
}

/** Only what an agent must know to trust what they see: not connected, or about to be moved. */
export function Banner() {
  const state = link.value;
  const waits = outbox.value.filter((item) => item.state === "waiting").length;
  if (ended.value || state === "online" || state === "stopped") return null;
  if (state === "draining") return <div class="banner info" role="status"><Icon name="plug" size={16} />{t("banner.draining")}</div>;
  return (
    <div class={`banner ${state === "offline" ? "bad" : ""}`} role="status">
      <Icon name="plug" size={16} />
      <span>{t(state === "offline" ? "banner.offline" : "banner.connecting")}{waits > 0 ? ` ${t("banner.waiting", { n: waits })}` : ""}</span>
      {state === "offline" && <button type="button" class="btn small" onClick={() => port.dial()}>{t("banner.now")}</button>}
    </div>
  );
}

export const Toasts = () => (
  <section class="toasts" aria-label={t("toasts.label")} aria-live="polite">
    {toasts.value.map((item) => (
      <div class="toast" key={item.id}><span>{item.text}</span>{item.action && <button type="button" onClick={item.action.run}>{item.action.label}</button>}</div>
    ))}
  </section>
);
