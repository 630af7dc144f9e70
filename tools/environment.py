"""The Python environment `.venv`, made from the pins and re-synced only when they changed.

`run` needs the product's packages, `test` also the tools of the tests; an environment that has these keeps them.
"""

from __future__ import annotations

from tools.command import CommandFailed, run
from tools.places import PYTHON, ROOT, VENV, give_up, say
from tools.stamp import digest, done, mark
from tools.uv import new_environment, uv

_RUN = ROOT / "requirements.txt"
_TEST = ROOT / "requirements-dev.txt"
_STAMP = VENV / ".synced"


def prepare(*, tests: bool) -> None:
    """Makes `.venv` hold the pinned packages."""
    have_tests = digest([_TEST], _TEST.name)
    have_run = digest([_RUN], _RUN.name)
    if PYTHON.exists() and (done(_STAMP, have_tests) or (not tests and done(_STAMP, have_run))):
        return
    say("· installing the Python packages into .venv")
    tests = tests or (VENV / "bin" / "pytest").exists()
    program = uv()
    try:
        if not PYTHON.exists():
            new_environment(VENV, ">=3.11")
        pins = _TEST if tests else _RUN
        run([program, "pip", "sync", "-q", "--require-hashes", "--compile-bytecode", "--python", PYTHON, pins], seconds=900)
    except CommandFailed as error:
        give_up(f"the Python environment could not be made. Python 3.11 or newer is needed.\n{error}")
    mark(_STAMP, have_tests if tests else have_run)
