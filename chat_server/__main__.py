"""`python -m chat_server`: settings -> app -> run. `--workers N`: the same, N times on one port. `agent …` creates or changes an agent.

`restored` makes a restored database safe for browsers that remember more than it does.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

import structlog
import uvloop

from chat_server import settings as configuration
from chat_server.app import now
from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent, Availability, Role
from chat_server.errors import ClientError, InvalidConfiguration
from chat_server.flows.context import new_id
from chat_server.flows.erasure import erase, erase_customer
from chat_server.inbound.auth import HASHER
from chat_server.outbound.database import Database
from chat_server.outbound.databases import Databases
from chat_server.outbound.migrations import migrate
from chat_server.outbound.orders import ShopOrders
from chat_server.outbound.store import Store
from chat_server.serving import serve
from chat_server.workers import Workers
from order_status import OrderStatus

RENEWED_AT_ONCE = 500
"""conversations in one transaction, each with all that was said in it"""


def log_to_stderr(level: str) -> None:
    """One structured line for each event; packets and access lines of the libraries stay off."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def several(settings: configuration.Settings, count: int) -> None:
    """N processes on one port, until SIGINT or SIGTERM."""
    if not settings.several:
        raise InvalidConfiguration("--workers: several processes need PostgreSQL and Redis; set DATABASE_URL and REDIS_URL")
    databases = Databases(settings.database)
    try:
        await databases.migrate(server=True)
    finally:
        await databases.close()
    listening = f"Shopbell listens on http://{settings.host}:{settings.port} with {count} processes\n"
    await Workers([sys.executable, "-m", "chat_server", "--worker"], count).run(lambda: print(listening, end="", file=sys.stderr))


def told_parent() -> None:
    """One of several says that it serves."""
    print("ready", flush=True)


def _inbox(settings: configuration.Settings, inbox_id: str) -> Inbox:
    found = next((each.inbox for each in settings.inboxes if each.inbox.id == inbox_id), None)
    if found is None:
        raise InvalidConfiguration(f"--inbox: no inbox file has the id {inbox_id!r}")
    return found


async def put_agent(settings: configuration.Settings, args: argparse.Namespace, password: str) -> None:
    """Create an agent, or change the one with this e-mail."""
    inbox = _inbox(settings, args.inbox)
    agent = Agent(new_id("agt"), inbox.id, args.name, args.email.strip().lower(), Role(args.role), Availability.ONLINE, inbox.capacity)
    database = Database(settings.database)
    try:
        await database.write(migrate)
        await Store(database).write(lambda tx: tx.people.put_agent(agent, HASHER.hash(password), now()))
    finally:
        await database.close()


async def begin_anew(settings: configuration.Settings) -> int:
    """After a restore, with every server stopped: every conversation gets an epoch that nobody has a cursor of. Answers how many.

    The epoch is the time in seconds, so that it is another one also when the same backup is restored twice.
    """
    databases, epoch, count = Databases(settings.database), int(now().timestamp()), 0
    try:
        await databases.migrate(server=False)
        while some := await Store(databases.chat).at_length(lambda tx: tx.conversations.new_epoch(epoch, RENEWED_AT_ONCE)):
            count += some
    finally:
        await databases.close()
    return count


async def forget(settings: configuration.Settings, args: argparse.Namespace) -> str:
    """Erases the person behind a visitor, or a customer; may run beside the servers. Answers how much was reached."""
    if (args.customer is None) != (args.inbox is None):
        raise InvalidConfiguration("--customer and --inbox: a customer's id is one of an inbox; give both")
    inbox = _inbox(settings, args.inbox) if args.inbox is not None else None
    databases = Databases(settings.database)
    try:
        await databases.migrate(server=False)
        store, orders = Store(databases.chat), ShopOrders(OrderStatus(databases.orders, (), (), now))
        if inbox is not None:
            done = await erase_customer(store, orders, inbox.id, args.customer, now())
        else:
            done = await erase(store, orders, args.visitor, now())
    except ClientError as error:
        raise InvalidConfiguration(f"--visitor: {error.message}") from None
    finally:
        await databases.close()
    waiting = f"; {done.waiting} more as soon as the webhooks that wait for them were read" if done.waiting else ""
    return f"{done.conversations} conversations, {done.browsers} browsers and {done.orders} orders erased{waiting}"


def main() -> int:
    """0 when it ended as asked, 2 for a setting or an argument that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m chat_server", description="Shopbell's chat server.")
    commands = parser.add_subparsers(dest="command")
    agent = commands.add_parser("agent", help="create an agent, or change the one with this e-mail")
    for name in ("inbox", "email", "name"):
        agent.add_argument(f"--{name}", required=True)
    agent.add_argument("--role", default=Role.AGENT.value, choices=[role.value for role in Role])
    agent.add_argument("--password-env", required=True, help="environment variable that holds the password")
    commands.add_parser("restored", help="after a restore, before any server starts: what browsers remember from before is void")
    person = commands.add_parser("erase", help="forget a person: their words, details, visits and orders")
    which = person.add_mutually_exclusive_group(required=True)
    which.add_argument("--visitor", metavar="ID", help="a browser of theirs; the others follow if the shop signed them in")
    which.add_argument("--customer", metavar="ID", help="the shop's own id of them, with --inbox")
    person.add_argument("--inbox", metavar="ID", help="of the customer")
    parser.add_argument("--workers", type=int, metavar="N", help="N processes on one port; needs PostgreSQL and Redis")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    try:
        settings = configuration.load()
        log_to_stderr(settings.log)
        if args.command == "agent":
            asyncio.run(put_agent(settings, args, configuration.password(args.password_env)))
        elif args.command == "restored":
            print(f"{asyncio.run(begin_anew(settings))} conversations begin anew", file=sys.stderr)
        elif args.command == "erase":
            print(asyncio.run(forget(settings, args)), file=sys.stderr)
        elif args.workers is not None:
            if not 1 <= args.workers <= 256:
                raise InvalidConfiguration(f"--workers: {args.workers} is not between 1 and 256")
            asyncio.run(several(settings, args.workers))
        else:
            uvloop.run(serve(settings, shared_port=True, ready=told_parent) if args.worker else serve(settings))
    except InvalidConfiguration as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
