// One-letter keys of the console. Off inside fields, with a modifier, and while something lies above the page.
import { claim, leave, open, resolve, togglePanel } from "./state/actions.ts";
import { cursor, help, menu, mode, openId, pane, query, thread } from "./state/store.ts";
import { focusComposer } from "./parts/composer.tsx";
import { step } from "./parts/list.tsx";

const inField = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
const onControl = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest("button, a, summary") !== null;

function back(): void {
  if (menu.value) menu.value = null;
  else if (query.value) query.value = "";
  else if (pane.value === "details") pane.value = "thread";
  else if (openId.value) leave();
}

const KEYS: Record<string, () => void> = {
  j: () => step(1),
  k: () => step(-1),
  arrowdown: () => step(1),
  arrowup: () => step(-1),
  enter: () => cursor.value && (open(cursor.value), focusComposer()),
  r: () => openId.value && ((mode.value = "reply"), focusComposer()),
  n: () => openId.value && ((mode.value = "note"), focusComposer()),
  c: () => openId.value && void claim(openId.value),
  a: () => openId.value && (menu.value = "assign"),
  s: () => openId.value && (menu.value = "snooze"),
  e: () => openId.value && thread.value.status !== null && thread.value.status !== "resolved" && void resolve(openId.value),
  p: () => togglePanel(),
  "/": () => document.querySelector<HTMLInputElement>("#search")?.focus(),
  "?": () => (help.value = true),
  escape: back,
};

export function listen(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal") || inField(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === "enter" && onControl(event.target)) return;
    if (key.startsWith("arrow") && !(event.target instanceof HTMLElement && event.target.id === "rows")) return;
    const run = KEYS[key];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
