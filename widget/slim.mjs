// Leaves out of socket.io-client what our wire never uses, to keep the app small: binary attachments, WebTransport,
// XMLHttpRequest (polling goes by fetch), the cache of managers, its own reconnection. The connection logic stays as it is;
// only these modules are answered from here. Tests drive the library both whole (Node) and so (browser).

const lib = (name) => new RegExp(`${name.replaceAll(".", "\\.")}\\.js$`);

const answers = [
  [lib("socket.io-client/build/esm/index"), 'export { Manager } from "./manager.js";'],
  [
    lib("engine.io-client/build/esm/transports/index"),
    'import { WS } from "./websocket.js"; export const transports = { websocket: WS };',
  ],
  [
    lib("engine.io-client/build/esm/index"),
    `export { Socket } from "./socket.js"; export { transports } from "./transports/index.js"; export { Fetch } from "./transports/polling-fetch.js";
    export { installTimerFunctions } from "./util.js"; export { nextTick } from "./globals.node.js";`,
  ],
  [lib("socket.io-client/build/esm/contrib/backo2"), "export class Backoff { reset() {} setMin() {} setMax() {} setJitter() {} }"],
  [
    lib("engine.io-client/build/esm/contrib/parseqs"),
    "export const encode = (query) => `${new URLSearchParams(query)}`; export const decode = (text) => Object.fromEntries(new URLSearchParams(text));",
  ],
  [
    lib("engine.io-client/build/esm/contrib/parseuri"),
    `export function parse(text) {
      const { hostname, protocol, port, search } = new URL(text);
      return { host: hostname.replace(/[[\\]]/g, ""), protocol: protocol.slice(0, -1), port, query: search.slice(1) };
    }`,
  ],
  [
    lib("engine.io-parser/build/esm/encodePacket(|.browser)"),
    `import { PACKET_TYPES } from "./commons.js";
    export const encodePacket = ({ type, data }, _binary, done) => done(PACKET_TYPES[type] + (data || ""));
    export const encodePacketToBinary = () => {};`,
  ],
  [
    lib("engine.io-parser/build/esm/decodePacket(|.browser)"),
    `import { ERROR_PACKET, PACKET_TYPES_REVERSE } from "./commons.js";
    export function decodePacket(text) {
      const type = typeof text === "string" && PACKET_TYPES_REVERSE[text[0]];
      return type ? (text.length > 1 ? { type, data: text.slice(1) } : { type }) : ERROR_PACKET;
    }`,
  ],
  [
    lib("socket.io-parser/build/esm/index"),
    `import { Emitter } from "@socket.io/component-emitter";
    export const protocol = 5;
    export const PacketType = { CONNECT: 0, DISCONNECT: 1, EVENT: 2, ACK: 3, CONNECT_ERROR: 4, BINARY_EVENT: 5, BINARY_ACK: 6 };
    export class Encoder {
      encode({ type, nsp, id, data }) {
        return [type + (nsp && nsp !== "/" ? nsp + "," : "") + (id ?? "") + (data == null ? "" : JSON.stringify(data))];
      }
    }
    export class Decoder extends Emitter {
      add(text) {
        const [, type, nsp, id, rest] = /^([0-4])(?:(\\/[^,]*),?)?(\\d*)([^]*)$/.exec(text);
        const packet = { type: +type, nsp: nsp || "/" };
        if (id) packet.id = +id;
        if (rest) packet.data = JSON.parse(rest);
        if ((packet.type === 2 || packet.type === 3) && !Array.isArray(packet.data)) throw new Error("invalid payload");
        this.emitReserved("decoded", packet);
      }
      destroy() {}
    }`,
  ],
];

const plugin = (name, given) => ({
  name,
  setup(build) {
    for (const [filter, contents] of given)
      build.onLoad({ filter }, ({ path }) => ({ contents, loader: "js", resolveDir: path.slice(0, path.lastIndexOf("/")) }));
  },
});

export const slimSocketIo = plugin("slim-socket-io", answers);
/** For the chunk that adds long polling to an app which has the rest already. */
export const onlyPolling = plugin("only-polling", [[lib("engine.io-client/build/esm/index"), 'export { Fetch } from "./transports/polling-fetch.js";'], ...answers]);
