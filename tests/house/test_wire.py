"""docs/wire.md and the code have the same names; both readers are shown to notice a difference."""

from chat_server.core.model import FactKind
from chat_server.core.triggers_state import KINDS
from chat_server.errors import Code
from tests.house import wire_code, wire_page
from tests.house.tree import Tree, the_tree

_SHOPPER_TABLE = "chat_server/inbound/shopper_commands.py"
_AGENT_TABLE = "chat_server/inbound/agent_commands.py"


def _page() -> wire_page.WirePage:
    return wire_page.read(the_tree().files["docs/wire.md"])


def test_commands_of_the_shopper_are_those_of_the_page() -> None:
    assert wire_code.commands(the_tree(), _SHOPPER_TABLE) == _page().shopper


def test_commands_of_the_agent_are_those_of_the_page() -> None:
    assert wire_code.commands(the_tree(), _AGENT_TABLE) == _page().agent


def test_facts_are_those_of_the_page() -> None:
    assert {kind.value for kind in FactKind} == _page().facts


def test_activities_are_those_of_the_page() -> None:
    assert _page().activities == KINDS


def test_passing_events_are_those_of_the_page() -> None:
    assert wire_code.passing(the_tree()) == _page().passing


def test_error_codes_are_those_of_the_page() -> None:
    assert {code.value for code in Code} == _page().codes


def test_close_codes_are_those_of_the_page() -> None:
    assert wire_code.close_codes(the_tree()) == _page().close_codes


def test_routes_are_those_of_the_page() -> None:
    """Wildcards differ in spelling only. Beyond the page: files by name, and the root, which leads to the console."""
    page, code = _page().routes, wire_code.routes(the_tree())
    assert {_shape(route) for route in code} >= {_shape(route) for route in page}
    assert {_shape(route) for route in code} - {_shape(route) for route in page} <= {
        ("GET", "/widget/{}"),
        ("GET", "/console/{}"),
        ("GET", "/"),
    }


def _shape(route: tuple[str, str]) -> tuple[str, str]:
    method, path = route
    return method, "/".join("{}" if step.startswith("{") else step for step in path.split("/"))


def test_the_browser_knows_every_name() -> None:
    types, page = the_tree().files["widget/shared/wire.ts"], _page()
    names = page.facts | page.passing | page.codes
    assert {name for name in names if name not in types} == set()


_TABLE = """
SHOPPER = table(
    Command("mark_read", p.MarkRead, mark_read, Repeat.KEPT, answer_of=ack),
)
"""
_PAYLOADS = "class MarkRead:\n    conversation: str\n    through: int\n"
_PAGE = """
## Answers
Error codes, a closed list: `bad_request`, `internal`. Transient: none.
## Message
| part | fields |
| --- | --- |
| `text` | `text` |
## Shopper socket: Socket.IO namespace `/shopper`
| command | body | answer |
| --- | --- | --- |
| `mark_read` | `{conversation, through}` (`through`: seq) | durable |
## Agent socket: Socket.IO namespace `/agent`
## Facts
| fact | more |
| --- | --- |
| `message_created` | `message` |
| `hidden` | nothing |

Passing, without seq: `typing_changed {conversation, typing}` · `drain {in_ms}`
Close codes: 4001 shutdown, 4003 auth.
## HTTP
| call | what |
| --- | --- |
| `GET+POST /console/login`, `GET /v1/facts?after=seq` | x |
### Beacon
| kind | data |
| --- | --- |
| `page_view` | `url` |
"""


def test_the_page_is_read_name_by_name() -> None:
    page = wire_page.read(_PAGE)
    assert page.shopper == {"mark_read": {"conversation", "through"}}
    assert page.agent == {}
    assert page.facts == {"message_created"}
    assert page.passing == {"typing_changed", "drain"}
    assert page.codes == {"bad_request", "internal"}
    assert page.close_codes == {4001, 4003}
    assert page.activities == {"page_view"}
    assert page.parts == {"text"}
    assert page.routes == {("GET", "/console/login"), ("POST", "/console/login"), ("GET", "/v1/facts")}


def test_the_code_is_read_name_by_name() -> None:
    code = """
close(4008)
announcer.agents(inbox, "presence_changed", {})
announcer.shopper(found, "typing_changed", {})
other.call("not_told")
routes = [web.get("/v1/facts", facts), web.route("*", "/webhooks/{id}", no), web.post("/v1/{id:[a-z]+}/messages", post)]
"""
    tree = Tree({"chat_server/inbound/x.py": code, "chat_server/inbound/payloads.py": _PAYLOADS, "table.py": _TABLE})
    assert wire_code.commands(tree, "table.py") == {"mark_read": {"conversation", "through"}}
    assert wire_code.passing(tree) == {"presence_changed", "typing_changed"}
    assert wire_code.close_codes(tree) == {4008}
    assert wire_code.routes(tree) == {("GET", "/v1/facts"), ("POST", "/v1/{id}/messages")}


def test_a_field_too_many_is_a_difference() -> None:
    tree = Tree({"chat_server/inbound/payloads.py": _PAYLOADS + "    at: str\n", "table.py": _TABLE})
    assert wire_code.commands(tree, "table.py") != wire_page.read(_PAGE).shopper
