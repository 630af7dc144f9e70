"""The address that a request comes from. Behind a proxy that we were told of, it is what the proxy says; nobody else is believed."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

Network = IPv4Network | IPv6Network


class Peers:
    """`proxies`: the networks of our own proxies. They append to X-Forwarded-For, so the last address that is not theirs counts."""

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        self._proxies = tuple(proxies)

    def of(self, remote: str | None, forwarded: str | None) -> str:
        """The address of an HTTP request."""
        address = remote or ""
        for step in reversed((forwarded or "").split(",")):
            if not self._ours(address) or not step.strip():
                break
            address = step.strip()
        return address

    def of_handshake(self, environ: dict[str, Any]) -> str:
        """The address of a socket's handshake; the library's own REMOTE_ADDR is always 127.0.0.1."""
        request = environ.get("aiohttp.request")
        return self.of(request.remote if request is not None else None, environ.get("HTTP_X_FORWARDED_FOR"))

    def _ours(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._proxies)
