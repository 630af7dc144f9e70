// The small inline syntax of message text, parsed to a tree: `*bold*`, `_italic_`, `[label](https://…)`, bare links,
// new lines; nothing else is markup. Never makes HTML: the views turn the tree into text nodes and links.

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "break" }
  | { kind: "bold" | "italic"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] };

const TOKEN =
  /\[([^\]\n]{1,200})\]\(([^\s()]{1,2000}(?:\([^\s()]*\)[^\s()]*)*)\)|(?<![\w*])\*(?![\s*])([^*\n]*[^\s*])\*(?![\w*])|(?<![\w_])_(?![\s_])([^_\n]*[^\s_])_(?![\w_])|(https:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]*_])|\n/gu;

/** The address of a link that may be shown, or null: https, mailto and tel; http only to the page's own host. */
export function safeHref(raw: string, pageHost: string = globalThis.location?.host ?? ""): string | null {
  let url: URL;
  try {
    url = new URL(raw);
  } catch {
    return null;
  }
  if (url.username || url.password) return null;
  const fine = url.protocol === "https:" || url.protocol === "mailto:" || url.protocol === "tel:";
  return fine || (url.protocol === "http:" && pageHost !== "" && url.host === pageHost) ? url.href : null;
}

/** A link that may not be shown stays the text that was written. Links do not nest. */
export function parseInline(text: string, pageHost?: string, inLink = false): Inline[] {
  const out: Inline[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) out.push({ kind: "text", text: text.slice(from, to) });
  };
  for (const match of text.matchAll(TOKEN)) {
    const [whole, label, target, bold, italic, bare] = match;
    let node: Inline | null = null;
    if (whole === "\n") node = { kind: "break" };
    else if (bold !== undefined) node = { kind: "bold", children: parseInline(bold, pageHost, inLink) };
    else if (italic !== undefined) node = { kind: "italic", children: parseInline(italic, pageHost, inLink) };
    else if (!inLink) {
      const href = safeHref(target ?? bare ?? "", pageHost);
      if (href)
        node = { kind: "link", href, children: label === undefined ? [{ kind: "text", text: whole }] : parseInline(label, pageHost, true) };
    }
    if (!node) continue;
    plain(match.index);
    out.push(node);
    from = match.index + whole.length;
  }
  plain(text.length);
  return out;
}

/** The same text without its marks, for previews and titles. */
export function plainText(nodes: Inline[]): string {
  return nodes
    .map((node) => (node.kind === "text" ? node.text : node.kind === "break" ? " " : plainText(node.children)))
    .join("");
}
