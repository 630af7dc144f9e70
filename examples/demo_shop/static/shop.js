// The shop's own script, progressive: every form works without it. It never writes HTML from text.
// What concerns Shopbell: `dataLayer.push` after "add to cart", `track` for the size guide, and the buttons that open the chat.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Light and dark: the choice is kept in a cookie, so that the server draws the next page in it at once.
for (const button of all("[data-theme-switch]")) {
  button.addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme.trim() === "dark"
      || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    const theme = dark ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
    window.shopbell?.("theme", theme);
  });
}

function toast(text) {
  const place = document.querySelector("[data-toasts]");
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = text;
  place.replaceChildren(line);
}

// Add to cart without leaving the page. The server answers with the GA4 event; pushing it is all that Shopbell needs.
for (const form of all("form[data-add]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button:not([type])");
    const problem = form.querySelector("[data-add-error]");
    button.disabled = true;
    try {
      const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { accept: "application/json" } });
      const answer = await response.json();
      if (problem) {
        problem.hidden = response.ok;
        problem.textContent = answer.error ?? "";
      }
      if (!response.ok) return;
      window.dataLayer.push(answer.event);
      showCount(answer.count);
      toast(answer.message);
    } catch {
      form.submit(); // the plain way: the server answers with a page
    } finally {
      button.disabled = false;
    }
  });
}

function showCount(count) {
  for (const badge of all("[data-cart-count]")) {
    badge.textContent = `${count}`;
    badge.hidden = count === 0;
    badge.classList.remove("bump");
    requestAnimationFrame(() => badge.classList.add("bump"));
  }
  for (const link of all("[data-cart-link]")) link.setAttribute("aria-label", `${link.dataset.label}: ${count}`);
}

// Selects that send their form.
for (const form of all("form[data-auto]")) form.addEventListener("change", () => form.requestSubmit());

// The size guide is a custom event: a rule of the inbox asks whether help is welcome when it was opened twice.
for (const button of all("[data-guide]")) {
  button.addEventListener("click", () => {
    document.querySelector("[data-guide-dialog]").showModal();
    window.shopbell?.("track", "size_guide_opened", { product: button.dataset.product });
  });
}

// The link of a mail: its token shows the order in the chat, too, and brings news of it.
for (const button of all("[data-order]")) {
  button.addEventListener("click", () => window.shopbell?.("order", { token: button.dataset.order }));
}

// Any button of the shop may open the chat.
for (const button of all("[data-chat]")) {
  button.addEventListener("click", () => {
    button.closest("dialog")?.close();
    window.shopbell?.("open");
  });
}

// Radio buttons that show what belongs to them.
function showChosen(name) {
  for (const radio of all(`input[name="${name}"][data-shows]`)) {
    for (const part of all(`[data-shown-by="${radio.dataset.shows}"]`)) part.hidden = !radio.checked;
  }
}
for (const name of new Set(all("input[data-shows]").map((radio) => radio.name))) {
  showChosen(name);
  for (const radio of all(`input[name="${name}"]`)) radio.addEventListener("change", () => showChosen(name));
}

// Fields that the server refused: focus on the first, and tell those who listen to `invalid`, as a browser's own check would.
const wrong = all("[aria-invalid=true]").filter((field) => !field.closest("[hidden]"));
wrong[0]?.focus();
document.addEventListener("shopbell:ready", () => wrong.forEach((field) => field.dispatchEvent(new Event("invalid", { cancelable: true }))), { once: true });
