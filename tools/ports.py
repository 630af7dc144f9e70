"""Ports on this machine: is one free, and which one is."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10240
_USUAL_TOP = 32768


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True when a server could listen there now (an old connection that lingers does not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Different ports that are free now; somebody else may take one before it is used.

    They lie below those that the system gives to outgoing connections: a server that is stopped and started again
    must not find that a client, perhaps one of its own that tries to come back, sits on its port.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(_LOWEST, _outgoing())
        if port not in found and is_free(port):
            found.append(port)
    return found


def _outgoing() -> int:
    """Where the ports of outgoing connections begin."""
    try:
        return max(int(_RANGE.read_text().split()[0]), _LOWEST + 4096)
    except (OSError, ValueError, IndexError):
        return _USUAL_TOP
