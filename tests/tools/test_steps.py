"""Steps are done once, secrets are made once, and a failing program is quoted."""

import base64
import stat
import sys
from pathlib import Path

import pytest

from tools import keys
from tools.command import CommandFailed, run
from tools.stack import DEMO_INBOX, Ports, Stack, inbox_for
from tools.stamp import digest, done, mark


def test_a_stamp_follows_content_not_time(tmp_path: Path) -> None:
    source, stamp = tmp_path / "src" / "a.ts", tmp_path / "out" / ".built"
    source.parent.mkdir()
    source.write_text("one")
    first = digest([source.parent])
    assert not done(stamp, first)
    mark(stamp, first)
    source.write_text("one")
    assert done(stamp, digest([source.parent]))
    source.write_text("two")
    assert not done(stamp, digest([source.parent]))
    source.write_text("one")
    (source.parent / "b.ts").write_text("")
    assert not done(stamp, digest([source.parent]))


def test_secrets_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    first = keys.load_or_make(tmp_path / "data")
    assert keys.load_or_make(tmp_path / "data") == first
    assert stat.S_IMODE((tmp_path / "data" / "secrets.json").stat().st_mode) == 0o600
    assert len(base64.b64decode(first["DEMO_WEBHOOK_SECRET"].removeprefix("whsec_"))) == 32
    assert len(set(first.values())) == len(first)
    assert keys.load_or_make(tmp_path / "other") != first


def test_a_missing_secret_is_added_and_the_others_stay(tmp_path: Path) -> None:
    first = keys.load_or_make(tmp_path)
    (tmp_path / "secrets.json").write_text('{"SHOPBELL_BOT_TOKEN": "kept"}')
    second = keys.load_or_make(tmp_path)
    assert second["SHOPBELL_BOT_TOKEN"] == "kept"
    assert set(second) == set(first)


def test_a_failing_program_is_quoted() -> None:
    with pytest.raises(CommandFailed, match=r"(?s)ended with 4.*the reason"):
        run([sys.executable, "-c", "import sys; print('the reason'); sys.exit(4)"])
    with pytest.raises(CommandFailed, match="cannot start"):
        run(["no-such-program-here"])
    with pytest.raises(CommandFailed, match="did not end"):
        run([sys.executable, "-c", "import time; time.sleep(30)"], seconds=0.3)


def test_the_demo_inbox_allows_the_shop_where_it_is(tmp_path: Path) -> None:
    assert inbox_for("http://127.0.0.1:8090", tmp_path) == DEMO_INBOX
    copy = inbox_for("http://127.0.0.1:19090", tmp_path)
    assert 'origins = ["http://127.0.0.1:19090"]' in copy.read_text(encoding="utf-8")


def test_no_process_gets_a_password_it_does_not_need(tmp_path: Path) -> None:
    stack = Stack(data=tmp_path, secrets=keys.load_or_make(tmp_path), ports=Ports(), inboxes=DEMO_INBOX, bot=True)
    assert not {name for name in stack.shop_env() if name.startswith("SHOPBELL_BOT") or name.endswith("_PASSWORD")}
    assert not {name for name in stack.bot_env() if name.startswith("DEMO_")}
