// Leaves out of socket.io-client what our wire never uses, to keep the app small: WebTransport, XMLHttpRequest (polling
// goes by fetch) and binary attachments. The library itself stays as it is; only these modules are answered from here.

const answers = [
  [
    /engine\.io-client\/build\/esm(-debug)?\/transports\/index\.js$/,
    'import { WS } from "./websocket.js"; import { Fetch } from "./polling-fetch.js"; export const transports = { websocket: WS, polling: Fetch };',
  ],
  [/engine\.io-client\/build\/esm(-debug)?\/transports\/polling-xhr\.js$/, "export class XHR {} export class BaseXHR {} export class Request {}"],
  [/engine\.io-client\/build\/esm(-debug)?\/transports\/webtransport\.js$/, "export class WT {}"],
  [/socket\.io-parser\/build\/esm(-debug)?\/is-binary\.js$/, "export const isBinary = () => false; export const hasBinary = () => false;"],
  [/socket\.io-parser\/build\/esm(-debug)?\/binary\.js$/, "export const deconstructPacket = (packet) => ({ packet, buffers: [] }); export const reconstructPacket = (packet) => packet;"],
];

export const slimSocketIo = {
  name: "slim-socket-io",
  setup(build) {
    for (const [filter, contents] of answers)
      build.onLoad({ filter }, ({ path }) => ({ contents, loader: "js", resolveDir: path.slice(0, path.lastIndexOf("/")) }));
  },
};
