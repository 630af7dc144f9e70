"""The fixtures that start real processes do what their names say."""

import pytest

from tests.conftest import StartNodes, StartServer
from tests.postgres import Postgres
from tests.processes import LOGINS, BotProcesses, ChatServer, Demo
from tools.child import answers


def test_a_server_answers_with_its_agents_and_without_a_bot(server: ChatServer) -> None:
    assert answers(f"{server.url}/healthz")
    assert answers(f"{server.url}/readyz")
    assert answers(f"{server.url}/widget/loader.js")
    assert all(len(server.password(login)) >= 8 for login in LOGINS)


def test_a_server_comes_back_on_its_folder(start_server: StartServer) -> None:
    chat = start_server()
    chat.kill()
    assert not answers(f"{chat.url}/healthz")
    chat.start()
    assert answers(f"{chat.url}/healthz")
    chat.restart()
    assert answers(f"{chat.url}/healthz")


def test_the_demo_shop_embeds_the_widget_of_its_server(demo: Demo) -> None:
    assert answers(demo.shop_url, lambda status, body: status == 200 and f"{demo.chat_url}/widget/loader.js".encode() in body)
    assert answers(f"{demo.chat_url}/healthz")


@pytest.mark.bot
def test_the_bot_stands_with_its_actions(bot: BotProcesses) -> None:
    status = f"{bot.url}/status?token={bot.secrets['SHOPBELL_BOT_TOKEN']}"
    assert answers(status, lambda code, body: code == 200 and b"model_file" in body)
    assert answers(f"{bot.stack.actions_url}/health")


def test_two_nodes_stand_on_one_database_with_the_same_agents(start_nodes: StartNodes, postgres: Postgres) -> None:
    first, second = start_nodes(2)
    assert first.url != second.url
    assert first.env["DATABASE_URL"] == second.env["DATABASE_URL"]
    assert all(answers(f"{node.url}/readyz") for node in (first, second))
    assert [first.password(login) for login in LOGINS] == [second.password(login) for login in LOGINS]
    database = first.env["DATABASE_URL"].rpartition("/")[2]
    assert postgres.sql("SELECT count(*) FROM agents", database) == str(len(LOGINS))
    first.kill()
    assert answers(f"{second.url}/readyz")
    first.start()
    assert answers(f"{first.url}/readyz")
