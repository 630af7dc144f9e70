// Entry of the console: reads the boot block, chooses the language, draws, connects.
import { effect } from "@preact/signals";
import { render } from "preact";
import { readBoot } from "./boot.ts";
import { listen } from "./keys.ts";
import { App } from "./parts/app.tsx";
import { kept, open } from "./state/actions.ts";
import { armBell } from "./state/bell.ts";
import { start } from "./state/live.ts";
import { follow } from "./state/route.ts";
import { callsFor } from "./state/rows.ts";
import { boot, me, now, panelOpen, rows, theme } from "./state/store.ts";
import { speak, t } from "./words.ts";

async function run(): Promise<void> {
  boot.value = readBoot();
  me.value = { ...boot.value.agent, availability: "offline" };
  await speak(navigator.languages, boot.value.locale);
  const chosen = kept("theme");
  if (chosen === "light" || chosen === "dark") theme.value = chosen;
  panelOpen.value = kept("panel") !== "closed" && innerWidth > 1280;
  const root = document.getElementById("app")!;
  root.textContent = "";
  render(<App />, root);
  listen();
  start();
  follow();
  armBell(open);
  setInterval(() => (now.value = Date.now()), 10_000);
  effect(() => {
    const calls = callsFor(rows.value, me.value.id);
    document.title = `${calls > 0 ? `(${calls}) ` : ""}${t("top.title")} – ${boot.value.inbox.name}`;
  });
}

void run();
