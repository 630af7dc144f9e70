// Where the agent writes: to the shopper, or a private note. The draft is kept per conversation and mode.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { effect, signal } from "@preact/signals";
import { Icon } from "../icons.tsx";
import { reportTyping, takeOver } from "../state/actions.ts";
import { readDraft, writeDraft, type Mode } from "../state/drafts.ts";
import { attached, detachAll, MOST } from "../state/attached.ts";
import { post, sendAgain, takeBack } from "../state/sender.ts";
import { link, me, mode, openId, openRow, outbox, thread, threadLoad, typing } from "../state/store.ts";
import { callName, language, t } from "../words.ts";
import { Attached, ProductButton } from "./products.tsx";

const LIMIT = 4000;
const LOW = 400;
const text = signal("");
// In the same step as the mode or the conversation changes: what is typed next belongs to the new draft already.
effect(() => {
  text.value = openId.value ? readDraft(me.peek().id, openId.value, mode.value) : "";
});

/** Puts a text back into the field, to be changed and sent anew. */
export function refill(words: string, kind: Mode): void {
  mode.value = kind;
  text.value = words;
  focusComposer();
}
/** Puts the caret into the field: at once where it stands, else as soon as it is drawn, so that no typed letter is taken for a command. */
export function focusComposer(): void {
  const tried = (): boolean => {
    const field = document.querySelector<HTMLTextAreaElement>("#composer:not(:disabled)");
    field?.focus();
    return field !== null;
  };
  if (!tried()) queueMicrotask(() => tried() || requestAnimationFrame(tried));
}

/** The conversation moved on while the agent wrote: nothing is sent until they have looked. */
function Stale() {
  const item = outbox.value.find((one) => one.conversation === openId.value && one.state === "stale");
  if (!item) return null;
  return (
    <div class="notice warn" role="alert">
      <Icon name="alert" size={17} /><span class="grow">{t("stale.text")}</span>
      <button type="button" class="btn small" onClick={() => refill(takeBack(item.client_id), item.kind)}>{t("message.edit")}</button>
      <button type="button" class="btn small primary" onClick={() => sendAgain(item.client_id)}>{t("stale.confirm")}</button>
    </div>
  );
}

/** A colleague holds it: the server takes replies only from them. */
const isTheirs = (): boolean => thread.value.status === "assigned" && thread.value.assignee?.id !== me.value.id;

function Notices() {
  const { status, assignee } = thread.value;
  const theirs = isTheirs();
  const other = (openId.value ? (typing.value.get(openId.value) ?? []) : []).find((who) => who.kind === "agent");
  return (
    <div class="notices">
      <Stale />
      {other && <div class="notice warn" role="status"><Icon name="lock" size={17} /><span>{t("notice.replying", { name: other.name })}</span></div>}
      {theirs && assignee && mode.value === "reply" && <div class="notice"><Icon name="person" size={17} /><span class="grow">{t("notice.theirs", { name: assignee.name })}</span><button type="button" class="btn small" onClick={() => void takeOver(openId.value!)}>{t("action.takeover")}</button></div>}
      {status === "resolved" && <div class="notice"><Icon name="checkcircle" size={17} /><span>{t("notice.resolved")}</span></div>}
    </div>
  );
}

export function Composer() {
  const field = useRef<HTMLTextAreaElement>(null);
  const id = openId.value!;
  const note = mode.value === "note";
  const { status } = thread.value;
  const over = status === "resolved";
  const ready = threadLoad.value === "ready";
  const shut = (over || isTheirs()) && !note;
  const row = openRow.value;
  useEffect(() => void (over && (mode.value = "note")), [over]);
  useLayoutEffect(() => {
    // Where field-sizing is not known, the field grows by its scroll height.
    const node = field.current;
    if (!node || CSS.supports("field-sizing", "content")) return;
    node.style.height = "auto";
    node.style.height = `${node.scrollHeight}px`;
  }, [text.value]);
  const write = (value: string): void => {
    text.value = value;
    writeDraft(me.value.id, id, mode.value, value);
    if (mode.value === "reply") reportTyping(id, value.trim() !== "");
  };
  const send = (): void => {
    const words = text.value.trim();
    const products = note ? [] : attached.value;
    if ((words === "" && products.length === 0) || words.length > LIMIT || products.length > MOST || shut || !ready) return;
    post(id, mode.value, words, products);
    if (!note) detachAll(id);
    write("");
    if (note && !over) mode.value = "reply";
    field.current?.focus();
  };
  const left = LIMIT - text.value.length;
  const placeholder = note ? t("composer.note") : over ? t("composer.resolved") : shut ? t("composer.theirs") : status === "bot" ? t("composer.takeover") : status === "queued" ? t("composer.claim")
    : t("composer.reply", { name: callName(row?.contact.name, row?.visitor ?? "") });
  return (
    <>
      <Notices />
      <form
        class={`composer ${note ? "note" : ""}`} aria-label={note ? t("note.label") : t("composer.label")}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div class="modes" role="radiogroup" aria-label={t("composer.mode")}>
          {(["reply", "note"] as Mode[]).map((one) => (
            <button
              type="button" role="radio" aria-checked={mode.value === one} disabled={over && one === "reply"} tabIndex={mode.value === one ? 0 : -1}
              onClick={() => ((mode.value = one), focusComposer())}
              onKeyDown={(event) => {
                if (over || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
                mode.value = one === "reply" ? "note" : "reply";
                requestAnimationFrame(() => document.querySelector<HTMLElement>(".modes [aria-checked=true]")?.focus());
              }}
            >
              <Icon name={one === "reply" ? "reply" : "lock"} size={15} />{t(`mode.${one}`)}<kbd aria-hidden="true">{one === "reply" ? "R" : "N"}</kbd>
            </button>
          ))}
        </div>
        <Attached back={focusComposer} />
        <textarea
          id="composer" ref={field} rows={2} dir="auto" value={text.value} placeholder={placeholder} disabled={shut} aria-label={note ? t("note.label") : t("composer.label")} aria-keyshortcuts="Enter"
          onInput={(event) => write(event.currentTarget.value)}
          onBlur={() => mode.value === "reply" && reportTyping(id, false)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
              event.preventDefault();
              send();
            } else if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        <div class="foot">
          {!note && <ProductButton disabled={shut || !ready} back={focusComposer} />}
          {left < LOW ? <span class="cut" role="status">{t("composer.left", { n: left })}</span> : link.value === "offline" ? <span class="cut">{t("composer.offline")}</span> : note ? <span class="cut">{t("composer.note_hint")}</span>
            : row?.locale ? <span class="hint cut">{t("composer.language", { language: language(row.locale) })}</span> : null}
          <span class="grow" />
          {link.value !== "offline" && <span class="hint wide-only cut">{t("composer.newline")}</span>}
          <button type="submit" class="btn primary" disabled={shut || !ready || (text.value.trim() === "" && (note || attached.value.length === 0)) || left < 0 || (!note && attached.value.length > MOST)}>{note ? t("composer.add") : t("composer.send")}<kbd aria-hidden="true">↵</kbd></button>
        </div>
      </form>
    </>
  );
}
