"""The two customers that the demo can sign in as. A real shop has accounts and passwords here; the rest of the shop would not change."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    name: str
    email: str
    address: dict[str, str]  # fills the checkout form


CUSTOMERS = {
    customer.id: customer
    for customer in (
        Customer(
            "customer-a", "Customer A", "customer-a@example.com", {"street": "ul. Brzozowa 1", "postcode": "00-001", "city": "Warszawa"}
        ),
        Customer(
            "customer-b", "Customer B", "customer-b@example.com", {"street": "ul. Jesionowa 2", "postcode": "80-001", "city": "Gdańsk"}
        ),
    )
}
