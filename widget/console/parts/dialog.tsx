// A modal dialog: the browser's own, so that focus goes in, stays in and comes back to where it was, and what lies beneath can be
// neither reached nor read. Several may lie on one another. Without `close` it stays until the page goes.
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "../icons.tsx";
import { t } from "../words.ts";
import { IconButton } from "./small.tsx";

/** `about`: the id of what stands in it, where that is to be read out with the title; `icon`: above the title of one that stays. */
export function Dialog({ title, close, kind = "", icon, about, children }: { title: string; close?: () => void; kind?: string; icon?: IconName; about?: string; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const node = box.current!;
    node.showModal();
    return () => node.close();
  }, []);
  return (
    <dialog
      class={`dialog ${kind}`} ref={box} aria-labelledby={id} aria-describedby={about} role={close ? undefined : "alertdialog"}
      onKeyDown={(event) => event.stopPropagation()}
      onPointerDown={(event) => event.target === event.currentTarget && close?.()}
      onCancel={(event) => (event.preventDefault(), close?.())}
      onClose={({ currentTarget }) => currentTarget.isConnected && (close ? close() : currentTarget.showModal())}
    >
      <div class="inside">
        {icon && <span class="pic"><Icon name={icon} size={28} /></span>}
        {close ? <div class="head"><h2 id={id}>{title}</h2><IconButton icon="x" label={t("close")} onClick={close} /></div> : <h2 id={id}>{title}</h2>}
        {children}
      </div>
    </dialog>
  );
}
