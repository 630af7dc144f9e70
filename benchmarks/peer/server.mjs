// The yardstick: socket.io as it comes, on `ws`, with no database. A message is acked to its sender and told to the others of its pair.
// Must stay the least a chat could do, so that nothing of ours looks good beside it.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer((_request, response) => response.end("ready"));
const io = new Server(http, { transports: ["websocket"], serveClient: false, perMessageDeflate: false });

io.on("connection", (socket) => {
  const pair = `pair:${socket.handshake.auth.pair}`;
  socket.join(pair);
  socket.on("sync", (_body, ack) => ack({ ok: true }));
  socket.on("send_message", (body, ack) => {
    ack({ ok: true });
    socket.to(pair).emit("message_created", body);
  });
});

http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
