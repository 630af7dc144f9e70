"""The Makefile: every command says what it is for, is no file's name, and asks the tools for something that they have."""

import re

from tools.places import ROOT
from tools.test import COMMANDS, MODULES

_TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")
_TARGETS = dict(re.findall(r"^([a-z-]+):(.*)$", _TEXT, flags=re.MULTILINE))


def test_every_command_says_what_it_is_for() -> None:
    assert not [name for name, rest in _TARGETS.items() if not re.fullmatch(r" +## \S.+", rest)]


def test_no_command_is_mistaken_for_a_file() -> None:
    [phony] = re.findall(r"^\.PHONY: (.+)$", _TEXT, flags=re.MULTILINE)
    assert phony.split() == list(_TARGETS)


def test_the_tools_know_what_they_are_asked_for() -> None:
    asked = re.findall(r"-m tools\.test (\S+)", _TEXT)
    assert sorted(asked) == sorted([*COMMANDS, *MODULES])
    assert not [name for name in re.findall(r"-m tools\.(\w+)", _TEXT) if not (ROOT / "tools" / f"{name}.py").exists()]


def test_every_module_of_a_command_is_there() -> None:
    for module in MODULES.values():
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
