// Draws the tree of text.ts as text nodes and links. Shared by both views; holds no state.

import type { VNode } from "preact";
import { parseInline, type Inline } from "./text.ts";

function draw(nodes: Inline[]): (VNode | string)[] {
  return nodes.map((node) => {
    switch (node.kind) {
      case "text":
        return node.text;
      case "break":
        return <br />;
      case "bold":
        return <strong>{draw(node.children)}</strong>;
      case "italic":
        return <em>{draw(node.children)}</em>;
      case "link":
        return <a href={node.href} target="_blank" rel="noopener noreferrer">{draw(node.children)}</a>;
    }
  });
}

export const Rich = ({ text }: { text: string }) => <>{draw(parseInline(text))}</>;
