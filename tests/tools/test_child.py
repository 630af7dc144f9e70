"""Children are started, watched and ended with everything they started; their logs tell why they failed."""

import os
import sys
import time
from pathlib import Path

import pytest

from tools.child import Child, NotReady, answers
from tools.ports import free_ports, is_free

_SERVER = """
import http.server, sys
print('listening', flush=True)
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print(child.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    """Ended, also if nobody has collected it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_server_is_waited_for_and_ended(tmp_path: Path) -> None:
    [port] = free_ports(1)
    child = Child("web", [sys.executable, "-c", _SERVER, str(port)], env={}, log=tmp_path / "log", cwd=tmp_path)
    child.wait_for(f"http://127.0.0.1:{port}/", 20)
    assert child.ended() is None
    assert not is_free(port)
    child.end()
    assert child.ended() is not None
    assert is_free(port)
    assert not answers(f"http://127.0.0.1:{port}/")
    child.end()


def test_ending_a_child_ends_what_it_started(tmp_path: Path) -> None:
    child = Child("parent", [sys.executable, "-c", _PARENT], env={}, log=tmp_path / "log")
    deadline = time.monotonic() + 20
    while not (tmp_path / "log").read_text().endswith("\n") and time.monotonic() < deadline:
        time.sleep(0.05)
    grandchild = int((tmp_path / "log").read_text())
    assert not gone(grandchild)
    child.end()
    deadline = time.monotonic() + 5
    while not gone(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone(grandchild)


def test_a_child_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    child = Child("web", [sys.executable, "-c", "import sys; print('no such port'); sys.exit(3)"], env={}, log=tmp_path / "log")
    with pytest.raises(NotReady, match=r"(?s)web ended with 3.*no such port"):
        child.wait_for("http://127.0.0.1:9/", 20)
    child.end()


def test_a_silent_child_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    child = Child("slow", [sys.executable, "-c", "import time; time.sleep(60)"], env={}, log=tmp_path / "log")
    with pytest.raises(NotReady, match="did not answer"):
        child.wait_for("http://127.0.0.1:9/", 0.5)
    child.end(1)
    assert child.ended() is not None


def test_only_wanted_lines_are_printed_and_all_are_kept(tmp_path: Path) -> None:
    printed: list[str] = []
    program = "import os; print('all is well'); print('warning: ' + os.environ['WORD'])"
    child = Child(
        "chat",
        [sys.executable, "-c", program],
        env={"WORD": "smoke"},
        log=tmp_path / "log",
        show=lambda line: "warning" in line,
        print_line=printed.append,
    )
    while child.ended() is None:
        time.sleep(0.02)
    child.end()
    assert printed == ["   chat | warning: smoke"]
    assert (tmp_path / "log").read_text() == "all is well\nwarning: smoke\n"
    assert "WORD" not in os.environ
