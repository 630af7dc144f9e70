// What stands in where no WebSocket opens: the library's long polling (a server of one process), else stateless calls
// (several). A chunk of its own, fetched when two WebSockets in a row did not open.

export { addPolling } from "../../shared/polling.ts";
export { makeTwin } from "./twin.ts";
