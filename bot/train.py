"""Trains the model when there is none for what is in config.yml, domain/, data/ and nlu/; says what it does.

Run from anywhere: `bot/.venv/bin/python bot/train.py`. A second call with nothing changed answers at once, without importing Rasa.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODELS = HERE / "models"
_SOURCES = ("config.yml", "domain/*.yml", "data/*.yml", "data/*/*.yml", "nlu/*.py", "requirements.txt")
_KEEP = 3


def fingerprint() -> str:
    """Sixteen hex digits over all that makes the model."""
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(HERE.glob(pattern)):
            digest.update(f"{path.relative_to(HERE)}\0{len(path.read_bytes())}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def train(target: Path) -> None:
    """Train into a folder of its own and move the model in place at the end, so that Rasa never loads half a model."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("SHOPBELL_ACTIONS_URL", "")
    os.chdir(HERE)
    sys.path.insert(0, str(HERE))
    import logging

    import rasa
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)

    work = MODELS / f".training-{os.getpid()}"
    try:
        result = rasa.train(
            domain="domain", config="config.yml", training_files=["data"], output=str(work), force_training=True, fixed_model_name="model"
        )
        if result.code != 0 or result.model is None:
            raise SystemExit("bot: training failed")
        os.replace(result.model, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def main() -> None:
    MODELS.mkdir(exist_ok=True)
    target = MODELS / f"{fingerprint()}.tar.gz"
    if target.exists():
        target.touch()  # `rasa run -m models` loads the newest file
        print(f"bot: model {target.name} is up to date", flush=True)
        return
    print(f"bot: training {target.name} (config, domain or data changed)", flush=True)
    start = time.monotonic()
    train(target)
    target.touch()
    for old in sorted(MODELS.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)[_KEEP:]:
        old.unlink()
    print(f"bot: trained in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
