"""Settings and the back office's door: what is missing is named, and nobody from outside gets in."""

from pathlib import Path

import pytest
from aiohttp import ClientSession, encode_basic_auth

from examples.demo_shop.app import HERE
from examples.demo_shop.settings import BadSettings, from_environment
from tests.demo_shop.shop import ACTION_SECRET, IDENTITY_SECRET, WEBHOOK_SECRET, Receiver, Shop, open_shop

GOOD = {
    "DEMO_IDENTITY_SECRET": IDENTITY_SECRET,
    "DEMO_SOURCE_ID": "src_1",
    "DEMO_WEBHOOK_SECRET": WEBHOOK_SECRET,
    "DEMO_ACTION_SECRET": ACTION_SECRET,
}


def test_defaults() -> None:
    settings = from_environment(GOOD)
    assert (settings.url, settings.shopbell_url, settings.widget_key) == ("http://127.0.0.1:8090", "http://127.0.0.1:8080", "pk_demo")
    assert settings.data == Path(".shopbell/demo_shop")
    assert from_environment(GOOD | {"SHOPBELL_DATA": "/data"}).data == Path("/data/demo_shop")
    assert from_environment(GOOD | {"SHOPBELL_URL": "https://chat.example/"}).shopbell_url == "https://chat.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in GOOD),
        ("DEMO_IDENTITY_SECRET", "short"),
        ("DEMO_WEBHOOK_SECRET", "whsec_?"),
        ("DEMO_ACTION_SECRET", "YWFh"),
        ("DEMO_PORT", "web"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        from_environment(GOOD | {name: value})


async def test_the_back_office_wants_loopback_by_its_own_name(shop: Shop) -> None:
    async with ClientSession() as session:
        async with session.get(f"{shop.url}/backoffice", headers={"host": "evil.example"}) as rebound:
            assert rebound.status == 403
        async with session.get(f"{shop.url}/backoffice") as local:
            assert local.status == 200


async def test_with_a_password_it_wants_the_password(tmp_path: Path, receiver: Receiver) -> None:
    async with open_shop(tmp_path, receiver, backoffice_password="open sesame") as shop, ClientSession() as session:
        for password, status in (("", 401), ("wrong", 401), ("open sesame", 200)):
            headers = {"authorization": encode_basic_auth("backoffice", password)}
            async with session.get(f"{shop.url}/backoffice", headers=headers) as response:
                assert response.status == status
        for given in ("", "Basic ?", "Bearer x"):
            async with session.get(f"{shop.url}/backoffice", headers={"authorization": given}) as response:
                assert response.status == 401


def test_no_file_is_fetched_from_another_host() -> None:
    for path in [*HERE.rglob("*.html"), *HERE.rglob("*.css"), *HERE.rglob("*.js"), *HERE.rglob("*.svg")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path
        assert "https://" not in text, path
