// A scripted server of our wire for tests of the link: speaks just enough Engine.IO and Socket.IO over a WebSocket, and
// answers plain HTTP as it is told. Knows nothing of conversations.

import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

/** As in a browser, an error that nobody listens to breaks nothing. */
export class SomeWebSocket extends WebSocket {
  constructor(url) {
    super(url);
    this.on("error", () => {});
  }
}

/** `greet(auth)`: null welcomes, anything else is the data of the connect error. `http(request, body)`: [status, answer]. */
export async function engine() {
  const script = { upgrades: true, greet: () => null, command: () => ({ ok: true }), http: () => [400, { code: 0 }] };
  const calls = [];
  const sockets = new Set();
  const web = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", async () => {
      const call = { method: request.method, url: request.url, headers: request.headers, body: body ? JSON.parse(body) : null, at: Date.now() };
      calls.push(call);
      const [status, answer] = await script.http(call);
      response.writeHead(status, { "content-type": "application/json" }).end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  });
  const hub = new WebSocketServer({ noServer: true });
  const dials = [];
  web.on("upgrade", (request, socket, head) => {
    dials.push(Date.now());
    if (!script.upgrades) return socket.destroy();
    hub.handleUpgrade(request, socket, head, (ws) => {
      sockets.add(ws);
      ws.on("close", () => sockets.delete(ws));
      ws.send(`0${JSON.stringify({ sid: "e", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 })}`);
      ws.on("message", (data) => {
        const [, kind, id, rest] = /^4(\d)\/shopper,(\d*)([^]*)$/.exec(String(data)) ?? [];
        if (kind === "0") {
          const refusal = script.greet(JSON.parse(rest));
          ws.send(refusal ? `44/shopper,${JSON.stringify({ message: "no", data: refusal })}` : '40/shopper,{"sid":"s"}');
        } else if (kind === "2") {
          const answer = script.command(...JSON.parse(rest));
          if (answer) ws.send(`43/shopper,${id}${JSON.stringify([answer])}`);
        } else if (kind === "1") ws.close();
      });
    });
  });
  await new Promise((resolve) => web.listen(0, "127.0.0.1", resolve));
  return {
    script, calls, dials, url: `http://127.0.0.1:${web.address().port}`,
    tell: (name, body) => sockets.forEach((ws) => ws.send(`42/shopper,${JSON.stringify([name, body])}`)),
    cut: () => sockets.forEach((ws) => ws.terminate()),
    end() {
      sockets.forEach((ws) => ws.terminate());
      web.closeAllConnections();
      web.close();
    },
  };
}
