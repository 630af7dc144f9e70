"""A page at the test inbox's origin that is nothing but the snippet, under a strict policy; and a browser's ways around a network."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.processes import INBOX_KEY, ChatServer

HOSTILE = """body * { font: 40px/3 serif !important; color: lime !important; background: red !important; position: static !important;
  transform: rotate(3deg) !important; visibility: hidden !important; display: block !important; letter-spacing: 9px !important;
  opacity: .2 !important } button, div, dialog, textarea { width: 900px !important; height: 5px !important }"""
NO_WEBSOCKET = """window.WebSocket = class { constructor() { setTimeout(() => {
  const event = new Event('error'); this.onerror?.(event); this.onclose?.(event) }, 5) } close() {} send() {} }"""
"""a proxy that lets no WebSocket through"""
NO_STORAGE = """const refuse = () => { throw new DOMException('refused', 'SecurityError') };
  IDBFactory.prototype.open = refuse; Storage.prototype.setItem = refuse;
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: refuse });"""
"""a browser that keeps nothing for this page"""


def _page(path: str, chat: str) -> str:
    consent = "required" if "consent" in path else "implied"
    locale = path.removeprefix("/in/") if path.startswith("/in/") else "en"
    style = f"<style nonce='n'>{HOSTILE}</style>" if "hostile" in path else ""
    return f"""<!doctype html><html lang="en"><head><title>A shop</title>{style}</head><body><h1>A shop</h1>
      <form id="f"><input name="zip" required></form>
      <script nonce="n">(function(w){{w.shopbell=w.shopbell||function(){{(w.shopbell.q=w.shopbell.q||[]).push(arguments)}}}})(window);
        shopbell("track", "early", {{a: 1}}); shopbell("init", {{key: "{INBOX_KEY}", locale: "{locale}", consent: "{consent}"}});</script>
      <script nonce="n" async src="{chat}/widget/loader.js"></script></body></html>"""


@contextmanager
def shop_page(server: ChatServer, second: ChatServer | None = None) -> Iterator[str]:
    """Serves it; the origin. `/hostile`: with styles that break everything else; `/consent`: consent is required; `/other`: no chat;
    `/in/te`: in that language;
    `/second`: from the second of two servers."""
    chat, elsewhere = server.url, (second or server).url
    connect = " ".join(f"{each} {each.replace('http', 'ws')}" for each in (chat, elsewhere))
    policy = (
        f"default-src 'none'; script-src 'nonce-n' 'strict-dynamic'; connect-src {connect}; style-src 'nonce-n'; "
        "require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'"
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            whose = elsewhere if self.path == "/second" else chat
            body = _page(self.path, whose).encode() if self.path != "/other" else b"<!doctype html><title>Other</title>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

    web = http.server.ThreadingHTTPServer(("127.0.0.1", server.stack.ports.shop), Handler)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield server.origin
    web.shutdown()
    thread.join(timeout=5)
    web.server_close()
