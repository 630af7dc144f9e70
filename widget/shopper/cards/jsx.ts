// The app's own `h`, handed in when the chunk is made: Preact is not shipped twice.
import type { Jsx } from "../app/ui.ts";

export let h: Jsx["h"];
export let Fragment: Jsx["Fragment"];
export function give(jsx: Jsx) {
  ({ h, Fragment } = jsx);
}
