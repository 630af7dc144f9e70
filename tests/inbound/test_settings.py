"""Settings and inbox files: everything is read once, and each mistake names its field before a port opens."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from chat_server.errors import InvalidConfiguration
from chat_server.settings import SETTINGS, Settings, load, password
from tests.processes import demo_inbox
from tools.places import PYTHON, ROOT

SMALLEST = """
[inbox]
id = "demo"
key = "pk_demo"
name = "Shop"
origins = ["https://shop.example"]
locales = ["en"]
"""


def loaded(folder: Path, text: str = SMALLEST, **environment: str) -> object:
    (folder / "inbox.toml").write_text(text, encoding="utf-8")
    return load({"SHOPBELL_INBOXES": str(folder), **environment})


def complaint(folder: Path, text: str = SMALLEST, **environment: str) -> str:
    with pytest.raises(InvalidConfiguration) as refused:
        loaded(folder, text, **environment)
    return str(refused.value)


def test_the_smallest_inbox_and_its_defaults(tmp_path: Path) -> None:
    (tmp_path / "inbox.toml").write_text(SMALLEST, encoding="utf-8")
    settings = load({"SHOPBELL_INBOXES": str(tmp_path)})
    (file,) = settings.inboxes
    inbox = file.inbox
    assert (settings.host, settings.port, settings.public_url, settings.bot_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080", "")
    assert (inbox.id, inbox.default_locale, inbox.promised_minutes, inbox.capacity, inbox.consent_required) == ("demo", "en", 240, 4, False)
    assert (inbox.identity_secret, inbox.hours.days, file.sources, file.action) == (None, None, (), None)
    assert set(inbox.order_messages) >= {"placed", "shipped", "delayed", "out_for_delivery", "delivered", "delivery_failed", "cancelled"}
    assert set(inbox.order_messages["delayed"].text) == {"en"}
    assert len(settings.bot_actions_secret) >= 32, "made at start when none is set"


def test_the_demo_shops_file_is_read_whole(tmp_path: Path) -> None:
    text = demo_inbox().replace("{origin}", "http://127.0.0.1:8090")
    names = ("DEMO_IDENTITY_SECRET", "DEMO_SOURCE_ID", "DEMO_WEBHOOK_SECRET", "DEMO_ACTION_URL", "DEMO_ACTION_SECRET")
    (tmp_path / "inbox.toml").write_text(text, encoding="utf-8")
    settings = load({"SHOPBELL_INBOXES": str(tmp_path / "inbox.toml"), **{name: f"value of {name}" for name in names}})
    file = settings.inboxes[0]
    assert file.inbox.identity_secret == "value of DEMO_IDENTITY_SECRET"
    assert file.sources[0]["secrets"] == ("value of DEMO_WEBHOOK_SECRET",)
    assert file.sources[0]["keep_days"] == 30
    assert file.action is not None
    assert file.action["url"] == "value of DEMO_ACTION_URL"
    assert set(file.inbox.offers) == {*("voucher", "pickup_point", "split", "delivery_back", "cancel", "other_address", "in_store")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOPBELL_PORT", "eighty"), ("SHOPBELL_PORT", "0"), ("SHOPBELL_PORT", "65536"), ("SHOPBELL_PORT", "80.5"),
        ("SHOPBELL_LOG", "loud"), ("SHOPBELL_PUBLIC_URL", "chat.shop.example"), ("SHOPBELL_PUBLIC_URL", "ftp://chat.shop.example"),
        ("SHOPBELL_BOT_URL", "127.0.0.1:5005"), ("DATABASE_URL", "mysql://host/db"), ("SHOPBELL_MESSAGES_PER_MINUTE", "0"),
        ("SHOPBELL_BEACONS_PER_MINUTE", "-1"), ("SHOPBELL_LOGINS_PER_MINUTE", "many"), ("SHOPBELL_HANDSHAKES_PER_MINUTE", ""),
        ("SHOPBELL_HANDSHAKES_PER_SECOND", "0"), ("SHOPBELL_DRAIN_S", "soon"), ("SHOPBELL_DRAIN_S", "-1"), ("SHOPBELL_DRAIN_S", "nan"),
        ("DATABASE_URL", "sqlite:///"), ("DATABASE_URL", "postgresql:///name"), ("DATABASE_URL", "postgresql://host:port/name"),
        ("REDIS_URL", "redis://localhost"), ("REDIS_URL", "http://localhost"), ("REDIS_URL", "redis://:x@:6379/0"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str) -> None:
    if value == "":
        loaded(tmp_path, **{name: value})
        return
    assert complaint(tmp_path, **{name: value}).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ('id = "demo"\n', "", "inbox.id"), ('key = "pk_demo"', "key = 5", "inbox.key"), ('name = "Shop"', 'name = ""', "inbox.name"),
        ('origins = ["https://shop.example"]', 'origins = 5', "inbox.origins"),
        ('locales = ["en"]', 'locales = ["en"]\ndefault_locale = "pl"', "inbox.default_locale"),
        ('locales = ["en"]', 'locales = ["en"]\ntimezone = "Mars/Base"', "inbox.timezone"),
        ('locales = ["en"]', 'locales = ["en"]\nconsent = "maybe"', "inbox.consent"),
        ('locales = ["en"]', 'locales = ["en"]\ncapacity = 0', "inbox.capacity"),
        ('locales = ["en"]', 'locales = ["en"]\npromised_minutes = "soon"', "inbox.promised_minutes"),
        ('locales = ["en"]', 'locales = ["en"]\nkeep_webhooks_days = 0', "inbox.keep_webhooks_days"),
        ('locales = ["en"]', 'locales = ["en"]\ncolour = "#fff"', "inbox.colour"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.hours]\nmon = ["9 to 5"]', "inbox.hours.mon"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.hours]\nmon = ["17:00-09:00"]', "inbox.hours.mon"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.hours]\nmonday = []', "inbox.hours.monday"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.budget]\nquiet = "late"', "inbox.budget.quiet"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.budget]\nunasked_per_day = -1', "inbox.budget.unasked_per_day"),
        ('locales = ["en"]', 'locales = ["en"]\n[[inbox.sources]]\nid = "x"\nsecret = "y"', "inbox.sources[0].secret"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.sources]\nid = "x"', "inbox.sources"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.delivery]\nworking_days = ["someday"]', "inbox.delivery.working_days"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.delivery]\nlands = "PL"', "inbox.delivery.lands"),
        ('locales = ["en"]', 'locales = ["en"]\n[inbox.actions]\nurl = "https://x.example"', "inbox.actions.secret"),
        ('locales = ["en"]', 'locales = ["en"]\n[[inbox.offers]]\nid = "v"\nkind = "v"', "inbox.offers.title"),
        ('locales = ["en"]', 'locales = ["en"]\n[[inbox.order_messages]]\non = "teleported"', "inbox.order_messages[0].on"),
        ('locales = ["en"]', 'locales = ["en"]\n[[inbox.order_messages]]\non = "delayed"\noffer = "none"', "order message delayed"),
        ('locales = ["en"]', 'locales = ["en"]\n[[inbox.triggers]]\nid = "a"\nclass = "help"\non = ["jump"]\ntext.en = "x"',
         "inbox.triggers[0].on"),
        ("[inbox]", "[shop]", "inbox"), ("[inbox]", "[inbox", "inbox.toml"),
        ('name = "Shop"', 'name = "env:SHOP_NAME"', "SHOP_NAME"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_inbox_file_names_its_field(tmp_path: Path, before: str, after: str, field: str) -> None:
    assert before in SMALLEST
    assert field in complaint(tmp_path, SMALLEST.replace(before, after))


def test_two_inboxes_cannot_share_a_key_and_a_folder_must_hold_one(tmp_path: Path) -> None:
    (tmp_path / "second.toml").write_text(SMALLEST.replace('id = "demo"', 'id = "other"'), encoding="utf-8")
    assert "same key: pk_demo" in complaint(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InvalidConfiguration, match="SHOPBELL_INBOXES"):
        load({"SHOPBELL_INBOXES": str(empty)})
    with pytest.raises(InvalidConfiguration, match=r"none\.toml"):
        load({"SHOPBELL_INBOXES": str(tmp_path / "none.toml")})


def test_one_server_or_several(tmp_path: Path) -> None:
    def read(**environment: str) -> Settings:
        (tmp_path / "inbox.toml").write_text(SMALLEST, encoding="utf-8")
        return load({"SHOPBELL_INBOXES": str(tmp_path / "inbox.toml"), "SHOPBELL_DATA": "data", **environment})

    postgres, redis = "postgresql://shop:secret@db:5432/shopbell", "redis://shop:secret@cache:6379/0"
    assert (read().database, read().redis_url, read().several) == ("sqlite:///data/shopbell.sqlite3", "", False)
    assert read(DATABASE_URL="sqlite:////srv/chat.db").database == "sqlite:////srv/chat.db"
    assert (read(DATABASE_URL=postgres).database, read(DATABASE_URL=postgres).several) == (postgres, False)
    both = read(DATABASE_URL=postgres, REDIS_URL=redis)
    assert (both.redis_url, both.several) == (redis, True)


def test_redis_needs_postgresql_and_a_bot_a_common_secret(tmp_path: Path) -> None:
    redis, bot = "redis://shop:hidden-word@cache:6379/0", {"SHOPBELL_BOT_URL": "http://127.0.0.1:5005"}
    postgres = {"DATABASE_URL": "postgresql://shop:hidden-word@db/shopbell", "REDIS_URL": redis}
    assert complaint(tmp_path, REDIS_URL=redis).startswith("REDIS_URL: several servers need PostgreSQL")
    assert complaint(tmp_path, REDIS_URL=redis, DATABASE_URL="sqlite:////srv/x.db").startswith("REDIS_URL: ")
    assert complaint(tmp_path, **postgres, **bot).startswith("SHOPBELL_BOT_ACTIONS_SECRET: ")
    loaded(tmp_path, **postgres, **bot, SHOPBELL_BOT_ACTIONS_SECRET="x" * 32)


def test_no_complaint_tells_a_password(tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        for url in ("postgresql://u:hidden-word@h:port/n", "redis://u:hidden-word@h:99999/0", "mysql://u:hidden-word@h/n", "hidden-word"):
            assert "hidden-word" not in complaint(tmp_path, **{name: url})


def test_a_password_has_ten_characters() -> None:
    assert password("NAME", {"NAME": "0123456789"}) == "0123456789"
    for environment in ({}, {"NAME": "012345678"}):
        with pytest.raises(InvalidConfiguration, match="NAME"):
            password("NAME", environment)


@pytest.mark.thorough
def test_the_process_says_it_in_one_line_and_opens_no_port(tmp_path: Path) -> None:
    (tmp_path / "inbox.toml").write_text(SMALLEST.replace("pk_demo", ""), encoding="utf-8")
    mine = {setting.name for setting in SETTINGS}
    environment = {name: value for name, value in os.environ.items() if name not in mine}
    ended = subprocess.run(
        [PYTHON, "-m", "chat_server"], cwd=ROOT, env={**environment, "SHOPBELL_INBOXES": str(tmp_path)}, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "inbox.key" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_where_an_inbox_delivers(tmp_path: Path) -> None:
    (tmp_path / "inbox.toml").write_text(SMALLEST, encoding="utf-8")
    (file,) = load({"SHOPBELL_INBOXES": str(tmp_path)}).inboxes
    days = frozenset(range(5))
    assert file.delivery == {"inbox_id": "demo", "timezone": "UTC", "country": "", "working_days": days, "watch": True}
    text = SMALLEST + '[inbox.delivery]\ncountry = "DE-BY"\nworking_days = ["mon", "sat"]\nwatch = false\n'
    (tmp_path / "inbox.toml").write_text(text, encoding="utf-8")
    (file,) = load({"SHOPBELL_INBOXES": str(tmp_path)}).inboxes
    assert file.delivery == {"inbox_id": "demo", "timezone": "UTC", "country": "DE-BY", "working_days": frozenset({0, 5}), "watch": False}
