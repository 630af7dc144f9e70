"""Signing in and out of the console: cookies, tokens of forms, and the same answer for whoever does not exist."""

from __future__ import annotations

import re
import time

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.processes import LOGINS, ChatServer
from tests.walks.agent import boot_of

LOGIN, COOKIE = "shopbell_login", "shopbell_session"


async def form(http: aiohttp.ClientSession, server: ChatServer, path: str = "/console/login") -> tuple[str, dict[str, str]]:
    """The form's token and the cookie that goes with it."""
    async with http.get(server.url + path) as page:
        found = re.search(r'name="csrf" value="([^"]+)"', await page.text())
        assert found is not None
        return found[1], {LOGIN: page.cookies[LOGIN].value}


async def sign_in(http: aiohttp.ClientSession, server: ChatServer, **fields: str) -> tuple[aiohttp.ClientResponse, str]:
    csrf, cookies = await form(http, server)
    told = {"email": LOGINS[0].email, "password": server.password(LOGINS[0]), "csrf": csrf, **fields}
    async with http.post(f"{server.url}/console/login", data=told, cookies=cookies, allow_redirects=False) as response:
        return response, await response.text()


async def test_a_good_login_leads_to_the_console_with_a_safe_cookie(server: ChatServer, http: aiohttp.ClientSession) -> None:
    response, _ = await sign_in(http, server)
    assert (response.status, response.headers["Location"]) == (303, "/console")
    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert cookie["max-age"] == str(7 * 24 * 3600)
    assert len(cookie.value) >= 43
    assert response.cookies[LOGIN].value == "", "the form's token is used up"
    async with http.get(f"{server.url}/console", cookies={COOKIE: cookie.value}) as shell:
        boot = boot_of(await shell.text())
    assert (boot["agent"]["name"], boot["agent"]["role"], boot["inbox"]["id"], boot["locale"]) == ("Agent", "agent", "demo", "en")
    for asked, locale, word in (("pl-PL,pl;q=0.9", "pl", "Skrzynka"), ("de,uk;q=0.9", "uk", "Вхідні"), ("te-IN", "te", "ఇన్‌బాక్స్")):
        async with http.get(f"{server.url}/console", cookies={COOKIE: cookie.value}, headers={"Accept-Language": asked}) as shell:
            text = await shell.text()
        assert boot_of(text)["locale"] == locale
        assert f'<html lang="{locale}"' in text
        assert f"<title>{word} – " in text


async def test_behind_https_the_cookie_is_bound_to_the_host(start_server: StartServer, http: aiohttp.ClientSession) -> None:
    server = start_server(env={"SHOPBELL_PUBLIC_URL": "https://chat.shop.example"})
    async with http.get(f"{server.url}/console/login") as page:
        cookie = page.cookies["__Host-shopbell_login"]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


async def test_wrong_and_unknown_get_the_same_answer(server: ChatServer, http: aiohttp.ClientSession) -> None:
    wrong, wrong_page = await sign_in(http, server, password="wrong")
    unknown, unknown_page = await sign_in(http, server, email="nobody@test.example", password="wrong")
    assert (wrong.status, unknown.status) == (401, 401)
    assert COOKIE not in wrong.cookies

    def plain(page: str) -> str:
        return re.sub(r'value="[^"]*"', "", page)

    assert plain(wrong_page) == plain(unknown_page)
    assert "E-mail or password is wrong." in wrong_page


async def test_an_unknown_user_takes_as_long_as_a_wrong_password(server: ChatServer, http: aiohttp.ClientSession) -> None:
    times: dict[str, list[float]] = {"wrong": [], "unknown": []}
    for _ in range(3):
        for name, email in (("wrong", LOGINS[0].email), ("unknown", "nobody@test.example")):
            began = time.perf_counter()
            await sign_in(http, server, email=email, password="wrong")
            times[name].append(time.perf_counter() - began)
    assert min(times["unknown"]) > min(times["wrong"]) / 4, times


async def test_a_form_without_its_cookie_is_refused(server: ChatServer, http: aiohttp.ClientSession) -> None:
    csrf, cookies = await form(http, server)
    fields = {"email": LOGINS[0].email, "password": server.password(LOGINS[0])}
    none: dict[str, str] = {}
    wrong = [("x", cookies), ("ż", cookies), ("", {LOGIN: ""}), (csrf, none)]
    for told, sent in [(none, cookies), *(({"csrf": given}, with_) for given, with_ in wrong)]:
        async with http.post(f"{server.url}/console/login", data={**fields, **told}, cookies=sent, allow_redirects=False) as response:
            assert response.status == 403
            assert COOKIE not in response.cookies


@pytest.mark.parametrize(
    ("onward", "leads"),
    [("/console?view=mine", "/console?view=mine"), ("https://evil.example", "/console"), ("//evil.example", "/console"), ("", "/console"),
     ("/console\r\nSet-Cookie: a=b", None), ("/console@evil.example", None), ("javascript:alert(1)", "/console"),
     ("\\\\evil.example", "/console")],
)  # fmt: skip
async def test_signing_in_leads_nowhere_else(server: ChatServer, http: aiohttp.ClientSession, onward: str, leads: str | None) -> None:
    response, _ = await sign_in(http, server, next=onward)
    assert response.status == 303
    location = response.headers["Location"]
    assert location.startswith("/console")
    assert not location.startswith("//")
    assert "a" not in response.cookies
    assert leads is None or location == leads


async def test_what_is_typed_into_the_form_comes_back_as_text(server: ChatServer, http: aiohttp.ClientSession) -> None:
    _, page = await sign_in(http, server, email='"><script>alert(1)</script>', next='"><img src=x>')
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


async def test_without_a_session_the_console_asks_to_sign_in(server: ChatServer, http: aiohttp.ClientSession) -> None:
    for path, target in (("/", "/console"), ("/console", "/console/login")):
        async with http.get(server.url + path, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, target)
    async with http.get(f"{server.url}/console", cookies={COOKIE: "x"}, allow_redirects=False) as response:
        assert response.status == 302


async def test_signing_out_needs_the_token_and_ends_the_session(server: ChatServer, http: aiohttp.ClientSession) -> None:
    response, _ = await sign_in(http, server)
    session = {COOKIE: response.cookies[COOKIE].value}
    async with http.get(f"{server.url}/console", cookies=session) as shell:
        csrf = boot_of(await shell.text())["csrf"]
    for wrong in ("", "x", "zażółć"):
        async with http.post(f"{server.url}/console/logout", data={"csrf": wrong}, cookies=session) as refused:
            assert refused.status == 403
    async with http.post(f"{server.url}/console/logout", data={"csrf": csrf}, cookies=session, allow_redirects=False) as out:
        assert (out.status, out.headers["Location"], out.cookies[COOKIE].value) == (303, "/console/login", "")
    async with http.get(f"{server.url}/console", cookies=session, allow_redirects=False) as after:
        assert after.headers["Location"] == "/console/login"
    async with http.get(f"{server.url}/v1/agent/conversations?view=resolved", cookies=session) as after:
        assert after.status == 401
