"""`make run`: everything of Shopbell on this machine, ended together by Ctrl-C.

The chat server and the demo shop start at once; the bot is set up, trained and started behind them, and may be missing.
What a process prints goes to .shopbell/logs/; warnings and errors are shown here too (VERBOSE=1 shows all).
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from tools import bot, environment, keys, node
from tools.child import Child, NotReady
from tools.command import CommandFailed, run
from tools.places import BOT, ROOT, data, give_up, say
from tools.ports import is_free
from tools.stack import Ports, Stack, inbox_for
from tools.stamp import digest, done, mark

_AGENTS = (
    ("agent@demo.example", "Agent", "agent", "DEMO_AGENT_PASSWORD"),
    ("supervisor@demo.example", "Supervisor", "supervisor", "DEMO_SUPERVISOR_PASSWORD"),
)
_TROUBLE = re.compile(r"\b(warning|error|critical|exception|traceback)\b", re.IGNORECASE)
_PORT_NAMES = {"chat": "SHOPBELL_PORT", "shop": "DEMO_PORT", "bot": "SHOPBELL_BOT_PORT", "actions": "SHOPBELL_ACTIONS_PORT"}
_BOT_START_S = 240


class Town:
    """The running children and the wish to stop; one lock, because the bot is started from a second thread."""

    def __init__(self, logs: Path, verbose: bool) -> None:
        self._logs, self._verbose = logs, verbose
        self._children: list[Child] = []
        self._steps: list[Child] = []
        self._lock = threading.Lock()
        self.stop = threading.Event()

    def start(
        self, name: str, argv: list[str | Path], env: dict[str, str], *, shown: Callable[[str], bool], cwd: Path | None = None
    ) -> Child:
        with self._lock:
            if self.stop.is_set():
                raise NotReady(f"{name} is not started any more")
            show = (lambda line: True) if self._verbose else shown
            log = self._logs / f"{name}.log"
            child = Child(name, argv, env=env, log=log, show=show, print_line=say, cwd=cwd or ROOT)
            self._children.append(child)
            return child

    def run(
        self, argv: Sequence[str | Path], *, cwd: Path, seconds: float, log: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """command.run for a step of the second thread: ended with everything else. Raises CommandFailed."""
        name = log.stem if log else "step"
        with self._lock:
            if self.stop.is_set():
                raise CommandFailed("not started any more")
            step = Child(name, argv, env=env or {}, log=self._logs / f"{name}.log", cwd=cwd)
            self._steps.append(step)
        until = time.monotonic() + seconds
        while step.ended() is None and time.monotonic() < until and not self.stop.wait(0.2):
            pass
        code = step.ended()
        step.end()
        if code != 0:
            raise CommandFailed(f"{name} ended with {code}:\n{step.log_tail()}")

    def dead(self) -> Child | None:
        with self._lock:
            return next((child for child in self._children if child.ended() is not None), None)

    def end(self) -> None:
        """Asks all to end at once, then waits for each."""
        with self._lock:
            self.stop.set()
            everyone = [*self._steps, *self._children]
            for child in everyone:
                child.send(signal.SIGTERM)
            for child in reversed(everyone):
                child.end()


def main() -> None:
    began = time.monotonic()
    _listen_for_the_end(_give_up_quietly)
    try:
        stack = _stack()
        environment.prepare(tests=False)
        node.build()
        _make_agents(stack)
    except KeyboardInterrupt:
        give_up("stopped before anything was started")
    town = Town(data() / "logs", verbose=os.environ.get("VERBOSE", "") not in ("", "0"))
    _listen_for_the_end(town.stop.set)
    code = 0
    try:
        chat = town.start("chat", stack.chat(), stack.chat_env(), shown=_is_trouble)
        shop = town.start("shop", stack.shop(), stack.shop_env(), shown=_is_trouble)
        chat.wait_for(f"{stack.chat_url}/healthz", 60)
        shop.wait_for(stack.shop_url, 60)
        _greet(stack, time.monotonic() - began)
        if stack.bot:
            threading.Thread(target=_bring_the_bot, args=(town, stack), daemon=True).start()
        code = _watch(town)
    except NotReady as error:
        if not town.stop.is_set():
            say(f"shopbell: {error}")
            code = 1
    finally:
        town.end()
    say("Everything has ended.")
    sys.exit(code)


def _stack() -> Stack:
    ports = Ports(**{name: _port(variable, getattr(Ports, name)) for name, variable in _PORT_NAMES.items()})
    wants_bot = os.environ.get("SHOPBELL_BOT", "on") != "off"
    for name, variable in _PORT_NAMES.items():
        port = getattr(ports, name)
        if not is_free(port) and (wants_bot or name in ("chat", "shop")):
            give_up(f"port {port} is taken by another program. End it, or choose another port: `{variable}={port + 1000} make run`")
    if wants_bot and not bot.ready():
        try:
            bot.python()
        except bot.NoBot as reason:
            say(f"The bot stays away: {reason}.")
            wants_bot = False
    folder = data()
    return Stack(
        data=folder,
        secrets=keys.load_or_make(folder),
        ports=ports,
        bot=wants_bot,
        inboxes=inbox_for(f"http://127.0.0.1:{ports.shop}", folder / "inboxes"),
    )


def _port(variable: str, usual: int) -> int:
    value = os.environ.get(variable, "")
    if not value:
        return usual
    if not value.isdigit() or not 1024 <= int(value) <= 65535:
        give_up(f"{variable} must be a port from 1024 to 65535, not {value!r}")
    return int(value)


def _make_agents(stack: Stack) -> None:
    """The two demo logins; once for each database and password."""
    stamp = stack.data / ".agents"
    today = digest([stack.data / "secrets.json"], *(email for email, *_ in _AGENTS))
    if done(stamp, today) and _has_database(stack.data):
        return
    for email, name, role, variable in _AGENTS:
        try:
            run(stack.agent(email, name, role, variable), env=stack.chat_env(), seconds=60)
        except CommandFailed as error:
            give_up(f"the demo logins could not be made: {error}")
    mark(stamp, today)


def _has_database(folder: Path) -> bool:
    return bool(os.environ.get("DATABASE_URL")) or any(folder.glob("*.sqlite*")) or any(folder.glob("*.db"))


def _greet(stack: Stack, seconds: float) -> None:
    agent, supervisor = (f"{email}  password {stack.secrets[variable]}" for email, _, _, variable in _AGENTS)
    say(f"""
  Shopbell runs (started in {seconds:.1f} s)

  Demo shop    {stack.shop_url}
  Back office  {stack.shop_url}/backoffice
  Console      {stack.chat_url}/console
    agent        {agent}
    supervisor   {supervisor}

  Logs are in {os.path.relpath(stack.data / "logs")}/. Ctrl-C ends everything.
""")


def _bring_the_bot(town: Town, stack: Stack) -> None:
    """Environment, model, two processes. Trouble is told and leaves the shop with people only."""
    log = stack.data / "logs"
    try:
        if not bot.ready():
            say("Bot: installing its packages (once, a few minutes). People can be reached meanwhile.")
            bot.environment(log / "bot-setup.log", town.run)
        say("Bot: looking at its model; training takes one or two minutes when its texts changed.")
        bot.train(log / "bot-train.log", town.run)
        say("Bot: loading.")
        town.start("actions", stack.actions(), stack.bot_env(), shown=_is_never, cwd=BOT)
        rasa = town.start("bot", stack.rasa(), stack.bot_env(), shown=_is_never, cwd=BOT)
        rasa.wait_for(f"{stack.bot_url}/status?token={stack.secrets['SHOPBELL_BOT_TOKEN']}", _BOT_START_S)
        say("Bot: ready.")
    except (bot.NoBot, NotReady) as error:
        if not town.stop.is_set():
            say(f"Bot: it stays away. {error}")


def _watch(town: Town) -> int:
    """Until somebody wants to stop (0) or a process ends by itself (1)."""
    while not town.stop.wait(0.5):
        child = town.dead()
        if child is not None:
            say(f"shopbell: {child.name} ended by itself with {child.ended()}, so everything ends. The end of its log:\n{child.log_tail()}")
            return 1
    say("Ending …")
    return 0


def _listen_for_the_end(then: Callable[[], None]) -> None:
    """Ctrl-C and SIGTERM mean the same, also where the shell that started us had told its children to ignore them."""

    def end(number: int, frame: FrameType | None) -> None:
        then()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


def _give_up_quietly() -> None:
    raise KeyboardInterrupt


def _is_trouble(line: str) -> bool:
    return _TROUBLE.search(line) is not None


def _is_never(line: str) -> bool:
    return False


if __name__ == "__main__":
    main()
