"""Requests made from the OpenAPI document, by the thousand, against a real server: no 5xx, and every answer is as the document says.

Half of them fit the document, half are bent. Ids of things that exist are put in, so that they get past `not_found`.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from tests.processes import INBOX_KEY, LOGINS, ChatServer

COOKIE, HEADER = ParameterLocation.COOKIE, ParameterLocation.HEADER
ALWAYS = (
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)
ROOM = {f"SHOPBELL_{what}_PER_MINUTE": "1000000" for what in ("MESSAGES", "BEACONS", "LOGINS", "HANDSHAKES", "COMMANDS")}
"""settings of a server that shall not refuse for being asked too often"""
BENT = {GenerationMode.POSITIVE: "fits", GenerationMode.NEGATIVE: "bent"}


@dataclass
class Report:
    """What was asked and answered."""

    sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.sent.values())

    def __str__(self) -> str:
        statuses = ", ".join(f"{status} × {count}" for status, count in sorted(self.statuses.items()))
        return f"{self.total} requests to {len(self.operations)} calls ({dict(self.sent)}): {statuses}"


class People:
    """A shopper with a token and an agent with a session, and the ids of what is between them."""

    def __init__(self, server: ChatServer) -> None:
        self.server, self.http = server, requests.Session()
        hello = {"key": INBOX_KEY, "page": {"url": "https://shop.example/"}}
        token = self._post("/v1/visits", hello, Origin=server.origin)["visitor"]
        self.shopper = {"Authorization": f"Bearer {token}", "X-Shopbell-Key": INBOX_KEY, "Origin": server.origin}
        login = LOGINS[0]
        form = self._find(r'name="csrf" value="([^"]+)"', self.http.get(f"{server.url}/console/login").text)
        fields = {"email": login.email, "password": server.password(login), "csrf": form}
        shell = self.http.post(f"{server.url}/console/login", data=fields).text
        self.agent = {"X-CSRF-Token": self._find(r'"csrf": ?"([^"]+)"', shell), "Origin": server.url}
        self.cookies = {name: value or "" for name, value in self.http.cookies.items()}
        self.http.cookies.clear()
        sent = self.write()
        synced = self._post("/v1/shopper/sync", {}, **self.shopper)
        home = self.http.post(f"{server.url}/v1/agent/sync", json={}, headers=self.agent, cookies=self.cookies).json()
        self.real: dict[str, list[str]] = {
            "conversation": [sent["conversation"], "current"], "message_id": [sent["message_id"]], "visitor": [synced["visitor"]["id"]],
            "agent": [each["id"] for each in home["agents"]],
        }  # fmt: skip

    @staticmethod
    def _find(pattern: str, text: str) -> str:
        found = re.search(pattern, text)
        assert found is not None, text[:500]
        return found[1]

    def _post(self, path: str, body: Any, **headers: str) -> Any:
        response = self.http.post(self.server.url + path, json=body, headers=headers, timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    def write(self) -> Any:
        """A message, so that there is an open conversation again: the requests resolve it now and then."""
        found = self._post("/v1/shopper/send_message", {"text": "Hello"}, **{**self.shopper, "Idempotency-Key": str(uuid.uuid4())})
        if hasattr(self, "real"):
            self.real["conversation"] = [*self.real["conversation"], found["conversation"]][-4:]
        return found


def run(server: ChatServer, total: int, each: int, first: int = 0) -> Report:
    """At least `total` requests, in rounds of `each` to every call. Raises at the first answer that is not as the document says."""
    people, report = People(server), Report()
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]  # a broken one raises
    for number in itertools.count(first):
        for operation in operations:
            for mode in BENT:
                people.write()
                with contextlib.suppress(Unsatisfiable):  # a call without input cannot be bent
                    _attack(people, report, operation, mode, each, number)
        if report.total >= total:
            return report
    raise AssertionError("unreachable")


def _attack(people: People, report: Report, operation: Any, mode: GenerationMode, examples: int, number: int) -> None:
    path: str = operation.path
    headers = people.agent if path.startswith(("/v1/agent/", "/console")) else people.shopper
    fits, page = mode is GenerationMode.POSITIVE, not path.startswith("/v1/")  # a page sends people on, and does not refuse
    strategy = operation.as_strategy(generation_mode=mode, headers=headers if fits else None)

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=strategy, real=st.integers(0, 7), known=st.booleans())
    def attack(case: Any, real: int, known: bool) -> None:
        if fits and real and isinstance(case.body, dict):
            for name in people.real.keys() & case.body.keys():
                case.body[name] = people.real[name][real % len(people.real[name])]
        if fits and real and isinstance(case.path_parameters, dict) and "id" in case.path_parameters:
            case.path_parameters["id"] = people.real["conversation"][real % len(people.real["conversation"])]
        if case.query and isinstance(case.query.get("wait"), int):
            case.query["wait"] = case.query["wait"] % 2 if real == 1 else 0
        told = {**headers, **(case.headers or {})} if known else headers
        ours = fits or operation.body  # without a body, a cookie that is left out is all that can be bent
        cookies = people.cookies if ours else case.cookies
        put_right = {HEADER, COOKIE} if ours else {HEADER}
        bent = {place for place, how in case.meta.components.items() if how.mode is GenerationMode.NEGATIVE} - put_right
        response = case.call(session=people.http, headers=told, cookies=cookies, timeout=20, allow_redirects=False)
        report.sent[BENT[mode]] += 1
        report.statuses[response.status_code] += 1
        report.operations[f"{operation.method} {path}"] += 1
        case.validate_response(response, checks=[*ALWAYS, *([checks.negative_data_rejection] if bent and not page else [])])

    attack()
