// Where the shopper writes. Enter sends, Shift+Enter is a new line, nothing is sent while an input method composes.

import type { Actions, Kit } from "./ui.ts";

export const MOST = 4_000;
const NEARLY = 3_600;

/** Grows with its text; the counter appears near the limit. Touches the DOM only: the text lives in the textarea. */
export function fit(area: HTMLTextAreaElement) {
  const form = area.form!;
  const { length } = area.value;
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, 140)}px`;
  form.querySelector("output")!.textContent = length > NEARLY ? `${length} / ${MOST}` : "";
  form.querySelector("button")!.disabled = !area.value.trim() || length > MOST;
}

export function Composer({ t, act }: { t: Kit["t"]; act: Actions }) {
  const submit = (form: HTMLFormElement) => {
    const area = form.querySelector("textarea")!;
    const text = area.value.trim();
    if (!text || area.value.length > MOST) return;
    area.value = "";
    act.draft("");
    fit(area);
    act.send([{ type: "text", text }]);
  };
  return (
    <form
      class="write"
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
        event.currentTarget.querySelector("textarea")!.focus();
      }}
    >
      <textarea
        rows={1} aria-label={t("write")} placeholder={t("write")} dir="auto" enterkeyhint="send"
        onInput={({ currentTarget }) => {
          fit(currentTarget);
          act.draft(currentTarget.value);
          act.typing(!!currentTarget.value);
        }}
        onBlur={() => act.typing(false)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
          event.preventDefault();
          submit(event.currentTarget.form!);
        }}
      />
      <output />
      <button class="go" aria-label={t("send")} disabled>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 19V5M5 12l7-7 7 7" /></svg>
      </button>
    </form>
  );
}
