"""Remembers by content what was already done, so that a second start does it not again.

A stamp is a file with the digest of everything the step read. File times mean nothing here: a fresh clone has new ones,
and so do places: a folder that was moved keeps its stamps.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from tools.places import ROOT


def digest(files: Iterable[Path], *words: str) -> str:
    """One digest over the names and contents of files (folders: all files below) and some words, in a fixed order."""
    total = hashlib.sha256()
    for word in words:
        total.update(word.encode() + b"\0")
    for path in sorted(each for file in files for each in _below(file)):
        total.update(os.path.relpath(path, ROOT).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _below(path: Path) -> Iterable[Path]:
    if path.is_dir():
        return (each for each in path.rglob("*") if each.is_file())
    return (path,) if path.exists() else ()


def done(stamp: Path, value: str) -> bool:
    """True when the step was finished with exactly this digest."""
    return stamp.exists() and stamp.read_text() == value


def mark(stamp: Path, value: str) -> None:
    """Call it last, after the step stands: a step that broke half-way is done again."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value)
