"""The protocol is tried in the world of the flow tests, on each of the two databases."""

from tests.flows.conftest import world
from tests.two_databases import database_url, postgres_template

__all__ = ["database_url", "postgres_template", "world"]
