"""Where accepted offers may be sent: https, and nowhere into a private network, however the address is written."""

import pytest

from order_status import ActionConfig, Delivery, OrderStatus
from order_status.actions import check_action, is_public
from tests.order_status.action_shop import DONE, OFFER, Shop, actions, says, shop
from tests.order_status.world import SECRET, World


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_a_private_address_is_refused_where_the_connection_is_made(world: World, host: str) -> None:
    async with shop(says(DONE)) as at:
        port = at.url.split(":")[2].split("/")[0]
        inside = Shop(says(DONE), url=f"https://{host}:{port}/actions")
        assert await actions(world, inside, allow_private=False).deliver(OFFER) == Delivery("failed", "private_address")
        assert at.calls == []


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.1"])
async def test_an_address_in_disguise_is_no_address(world: World, host: str) -> None:
    disguised = Shop(says(DONE), url=f"https://{host}/actions")
    delivery = await actions(world, disguised, allow_private=False).deliver(OFFER)
    assert delivery in (Delivery("failed", "bad_address"), Delivery("failed", "private_address"))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("config", "word"),
    [
        (ActionConfig("demo", "http://shop.example/actions", SECRET), "https"),
        (ActionConfig("demo", "ftp://shop.example/actions", SECRET, True), "https"),
        (ActionConfig("demo", "shop.example/actions", SECRET), "https"),
        (ActionConfig("demo", "https:///actions", SECRET), "host"),
        (ActionConfig("demo", "https://a:b@shop.example/actions", SECRET), "password"),
        (ActionConfig("demo", "https://shop.example/actions", "whsec_"), "24 bytes"),
    ],
)
def test_an_action_address_that_cannot_work_is_refused_at_the_start(world: World, config: ActionConfig, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        check_action(config)
    with pytest.raises(ValueError, match=word):
        OrderStatus(world.writer, [], [config], world.clock)
