"""Who may see an order by its number: only who knows the contact that the shop told us of."""

import pytest

from order_status.events import Customer
from order_status.proof import is_theirs, normal_email, normal_phone
from tests.order_status.world import World, order, parcel

ANNA = Customer(None, "Anna.Nowak@Example.com", "+48 600 100 200")


@pytest.mark.parametrize(
    ("email", "phone"),
    [
        ("anna.nowak@example.com", None),
        (" ANNA.NOWAK@EXAMPLE.COM ", None),
        ("anna．nowak@example.com", None),
        (None, "+48600100200"),
        (None, "600 100 200"),
        (None, "0600-100-200"),
        (None, "0048 600 100 200"),
        ("anna.nowak@example.com", "600100200"),
    ],
)
def test_the_same_contact_however_it_is_written(email: str | None, phone: str | None) -> None:
    assert is_theirs(ANNA, email, phone)


@pytest.mark.parametrize(
    ("known", "email", "phone"),
    [
        (ANNA, "anna.nowak@example.org", None),
        (ANNA, "anna.nowak@example.com", "600100201"),
        (ANNA, "other@example.com", "600100200"),
        (ANNA, None, "100200"),
        (ANNA, None, "+49 600 100 200"),
        (ANNA, None, "++"),
        (ANNA, None, None),
        (ANNA, "", ""),
        (ANNA, "*", None),
        (Customer(None, "a***@example.com", "*** *** 200"), "a***@example.com", None),
        (Customer(None, "a***@example.com", "+48 600 *** 200"), None, "+48 600 *** 200"),
        (Customer(None, "", ""), "", ""),
        (Customer(None, None, None), "anna.nowak@example.com", "600100200"),
        (Customer(None, "none", "0"), "none", "0"),
        (None, "anna.nowak@example.com", None),
    ],
)
def test_anything_else_proves_nothing(known: Customer | None, email: str | None, phone: str | None) -> None:
    assert not is_theirs(known, email, phone)


def test_what_is_no_address_has_no_form_to_compare() -> None:
    assert [normal_email(each) for each in (None, "", "x", "@x.example", "a b@x.example", "a@localhost")] == [None] * 6
    assert [normal_phone(each) for each in (None, "", "1234567", "call me on 600100200", "0000000000")] == [None] * 5
    assert normal_phone("٦٠٠١٠٠٢٠٠") == "600100200"


async def test_an_order_is_found_by_its_number_and_contact(world: World) -> None:
    await world.accept(order(1, parcel("shipped"), number="#1001", customer={"email": "c7@example.com", "phone": "600100200"}))
    for number in ("1001", "#1001", " # 1001 "):
        found = await world.status.proven("demo", number, "C7@example.com", None)
        assert found is not None
        assert found["order_id"] == "A-1001"
    for inbox, number, email in (
        ("demo", "1002", "c7@example.com"),
        ("demo", "A-1001", "c7@example.com"),
        ("other", "1001", "c7@example.com"),
    ):
        assert await world.status.proven(inbox, number, email, None) is None
    assert await world.status.proven("demo", "1001", "x@example.com", "600100200") is None


async def test_of_two_orders_with_one_number_the_one_whose_contact_fits(world: World) -> None:
    for order_id, email in (("A-1", "one@example.com"), ("B-1", "two@example.com")):
        await world.accept(order(1, order_id=order_id, number="7", customer={"email": email}))
    for order_id, email in (("A-1", "one@example.com"), ("B-1", "two@example.com")):
        found = await world.status.proven("demo", "7", email, None)
        assert found is not None
        assert found["order_id"] == order_id


async def test_an_agents_search_takes_the_number_or_the_id(world: World) -> None:
    await world.accept(order(1, customer={"id": "c-7", "name": "Anna"}))
    for typed in ("1001", "#1001", "A-1001", "a-1001"):
        (found,) = await world.status.search("demo", typed)
        assert (found.view["order_id"], found.customer_id, found.customer_name) == ("A-1001", "c-7", "Anna")
    assert await world.status.search("demo", "100") == await world.status.search("other", "1001") == []
    assert await world.status.search("demo", "#") == await world.status.search("demo", " ") == []
    assert [each["order_id"] for each in await world.status.orders_named("demo", ["A-1001", "A-9"])] == ["A-1001"]
