// Small pieces that every pane draws: avatar, chip, key, empty state, and a menu that works by keyboard.
import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "../icons.tsx";
import { menu } from "../state/store.ts";

/** Up to two letters: of the first and the last word. Counts characters as people do, also outside Latin. */
export function initials(name: string): string {
  const words = name.replace(/[^\p{L}\p{N}\p{M}\s]/gu, " ").trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...words[words.length - 1]!][0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

export function hueOf(seed: string): number {
  let sum = 0;
  for (const char of seed) sum = (sum * 31 + char.codePointAt(0)!) >>> 0;
  return sum % 6;
}

export function Avatar({ name, seed, size, online, icon }: { name: string; seed: string; size?: "small" | "large"; online?: boolean; icon?: IconName }) {
  return (
    <span class={`avatar ${size ?? ""}`} data-hue={hueOf(seed)} aria-hidden="true">
      {icon ? <Icon name={icon} size={size === "small" ? 14 : 18} /> : initials(name)}
      {online && <span class="on" />}
    </span>
  );
}

export type Tone = "ok" | "warn" | "bad" | "info" | "acc" | "line" | "";
export const Chip = ({ tone = "", children }: { tone?: Tone; children: ComponentChildren }) => <span class={`chip ${tone}`}>{children}</span>;

export function Empty({ icon, title, text, bad, level = 2, children }: { icon: IconName; title: string; text?: string; bad?: boolean; level?: 2 | 3; children?: ComponentChildren }) {
  const Title = level === 2 ? "h2" : "h3";
  return (
    <div class={`empty ${bad ? "bad" : ""}`} role={bad ? "alert" : undefined}>
      <span class="pic"><Icon name={icon} size={28} /></span>
      <Title>{title}</Title>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

export function IconButton({ icon, label, onClick, flip, expanded, pressed, disabled, size = 18, kind = "btn plain icon" }: { icon: IconName; label: string; onClick: () => void; flip?: boolean; expanded?: boolean; pressed?: boolean; disabled?: boolean; size?: number; kind?: string }) {
  return (
    <button type="button" class={kind} aria-label={label} title={label} aria-expanded={expanded} aria-pressed={pressed} disabled={disabled} onClick={onClick}>
      <Icon name={icon} size={size} flip={flip ?? false} />
    </button>
  );
}

/**
 * A button with a menu. `id` is its name in the store, so that a key can open it. Arrows walk the items, Escape closes
 * and gives the focus back; a click elsewhere closes.
 */
export function Menu({ id, button, label, kind = "btn", side = "", children }: { id: string; button: ComponentChildren; label: string; kind?: string; side?: string; children: ComponentChildren }): VNode {
  const wrap = useRef<HTMLDivElement>(null);
  const shown = menu.value === id;
  // In the same step as it is drawn: the next key is the menu's already.
  useLayoutEffect(() => {
    if (!shown) return;
    const items = (): HTMLElement[] => [...(wrap.current?.querySelectorAll<HTMLElement>(".menu :is(button, a):not(:disabled)") ?? [])];
    (items().find((item) => item.ariaChecked === "true") ?? items()[0])?.focus();
    const away = (event: PointerEvent): void => void (wrap.current?.contains(event.target as Node) || (menu.value = null));
    const keys = (event: KeyboardEvent): void => {
      const all = items();
      const at = all.indexOf(document.activeElement as HTMLElement);
      if (event.key === "Escape") {
        menu.value = null;
        wrap.current?.querySelector<HTMLElement>("button")?.focus();
      } else if (event.key === "ArrowDown") all[(at + 1) % all.length]?.focus();
      else if (event.key === "ArrowUp") all[(at - 1 + all.length) % all.length]?.focus();
      else if (event.key === "Home") all[0]?.focus();
      else if (event.key === "End") all[all.length - 1]?.focus();
      else if (event.key === "Tab") return void (menu.value = null);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    const root = wrap.current;
    document.addEventListener("pointerdown", away);
    root?.addEventListener("keydown", keys);
    return () => {
      document.removeEventListener("pointerdown", away);
      root?.removeEventListener("keydown", keys);
    };
  }, [shown]);
  return (
    <div class="menu-wrap" ref={wrap}>
      <button type="button" class={kind} aria-haspopup="menu" aria-expanded={shown} aria-label={label} title={label} onClick={() => (menu.value = shown ? null : id)}>
        {button}
      </button>
      {shown && <div class={`menu ${side}`} role="menu" aria-label={label}>{children}</div>}
    </div>
  );
}

export function MenuItem({ icon, dot, checked, disabled, aside, onClick, children }: { icon?: IconName; dot?: string; checked?: boolean; disabled?: boolean; aside?: string; onClick: () => void; children: ComponentChildren }) {
  return (
    <button
      type="button" role={checked === undefined ? "menuitem" : "menuitemradio"} aria-checked={checked} disabled={disabled} tabIndex={-1}
      onClick={(event) => {
        // Back to the menu's button before the item goes: what opens now gives the focus back to there.
        event.currentTarget.closest(".menu-wrap")?.querySelector("button")?.focus();
        menu.value = null;
        onClick();
      }}
    >
      {icon && <Icon name={icon} size={17} />}
      {dot && <span class={`dot ${dot}`} />}
      <span class="cut">{children}</span>
      {aside && <span class="aside">{aside}</span>}
      {checked && <span class={aside ? "" : "aside"}><Icon name="check" size={16} /></span>}
    </button>
  );
}

/** An item that leads to another page, or says that this is it. */
export const MenuLink = ({ icon, href, current, children }: { icon: IconName; href: string; current: boolean; children: ComponentChildren }) => (
  <a role="menuitem" href={href} aria-current={current ? "page" : undefined} tabIndex={-1} onClick={(event: Event) => current && (event.preventDefault(), (menu.value = null))}>
    <Icon name={icon} size={17} /><span class="cut">{children}</span>
  </a>
);

export const Bone = ({ kind }: { kind: string }) => <span class={`bone ${kind}`} />;
