"""`make lock`: compiles the pins again from what pyproject.toml and the bot ask for, and the widget's lock file.

Pins carry hashes and no registry address, so that they are true wherever packages come from.
"""

from __future__ import annotations

from pathlib import Path

from tools.command import CommandFailed, run
from tools.node import npm
from tools.places import BOT, ROOT, give_up, say
from tools.uv import uv

_ALWAYS = ("--generate-hashes", "--no-header", "--no-emit-index-url", "--quiet", "--upgrade")


def main() -> None:
    try:
        _compile("pyproject.toml", "requirements.txt", "--universal", "--python-version", "3.11")
        _compile("pyproject.toml", "requirements-dev.txt", "--universal", "--python-version", "3.11", "--group", "dev")
        # Rasa's old packages have wheels for few systems, so its pins are for this one.
        _compile(
            "requirements.in", "requirements.txt", "--python-version", "3.10", "--no-annotate", "--override", "overrides.txt", folder=BOT
        )
    except CommandFailed as error:
        give_up(str(error))
    npm("install", "--package-lock-only", seconds=300)
    say("Pins are compiled again. Read the difference, run `make test`, commit.")


def _compile(source: str, target: str, *options: str, folder: Path = ROOT) -> None:
    run([uv(), "pip", "compile", source, *_ALWAYS, *options, "-o", target], cwd=folder, seconds=600)


if __name__ == "__main__":
    main()
