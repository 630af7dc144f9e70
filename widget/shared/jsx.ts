// What compiled JSX calls; the build injects it where JSX stands, so that no file imports it by hand.
export { Fragment, h } from "preact";
