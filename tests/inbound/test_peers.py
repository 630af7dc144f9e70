"""Whose address counts: the peer's own, unless it is one of our proxies."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from chat_server.inbound.peer import Peers

OURS = Peers([ip_network("10.0.0.0/8"), ip_network("::1/128")])


@pytest.mark.parametrize(
    ("peers", "remote", "forwarded", "address"),
    [
        (Peers(), "203.0.113.7", None, "203.0.113.7"),
        (Peers(), "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (OURS, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (OURS, "10.1.1.1", "198.51.100.1", "198.51.100.1"),
        (OURS, "10.1.1.1", "198.51.100.1, 10.2.2.2", "198.51.100.1"),
        (OURS, "10.1.1.1", "192.0.2.9, 198.51.100.1", "198.51.100.1"),
        (OURS, "::1", "198.51.100.1", "198.51.100.1"),
        (OURS, "10.1.1.1", None, "10.1.1.1"),
        (OURS, "10.1.1.1", " , ", "10.1.1.1"),
        (OURS, None, "198.51.100.1", ""),
    ],
)
def test_the_address_that_counts(peers: Peers, remote: str | None, forwarded: str | None, address: str) -> None:
    assert peers.of(remote, forwarded) == address
