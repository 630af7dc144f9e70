"""docker-compose.yml, deploy/, the Dockerfiles and the Procfile, checked by reading: no engine is needed, and none was asked.

Names of variables must be settings that some process reads; files that an image copies must be there; the proxy knows every
chat server and they believe nobody else.
"""

import posixpath
import re
from typing import Any

import yaml

from tests.house.tree import Tree

PROGRAMS = {"chat", "shop", "bot", "actions"}
"""What the Procfile starts. In containers there are several chat servers: `chat-1`, `chat-2` and so on."""
_SERVICES = {"shop", "bot", "actions", "proxy", "postgres", "redis"}
_PUBLISHED = {"proxy", "shop"}
_NAME = re.compile(r"""["'{ ]((?:SHOPBELL|DEMO)_[A-Z_]+|DATABASE_URL|REDIS_URL)\b""")
_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD")
_GIVEN = re.compile(r"\$\{\w+:\?")
_END_S = 15
"""What a chat server needs at most after its port is closed: clients are told, writes finished."""


def check(tree: Tree) -> list[str]:
    """Everything about the deployment files that cannot be true."""
    compose: dict[str, Any] = yaml.safe_load(tree.files.get("docker-compose.yml", "")) or {}
    return [*_compose(compose, tree), *_proxy(compose, tree), *_redis(tree), *_procfile(tree)]


def known_settings(tree: Tree) -> set[str]:
    """Every name that a settings file, an inbox file or the bot's configuration reads."""
    readers = [
        path for path in tree.files if re.search(r"(^|/)(settings\.py|inbox\.toml)$|^bot/.*\.yml$", path) and not path.startswith("tests/")
    ]
    return {name for path in readers for name in _NAME.findall(re.sub(r"env:", " ", tree.files[path]))}


def chats(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in compose.get("services", {}).items() if re.fullmatch(r"chat-\d+", name)}


def _compose(compose: dict[str, Any], tree: Tree) -> list[str]:
    services: dict[str, dict[str, Any]] = compose.get("services", {})
    found = [f"docker-compose.yml: no service {name}" for name in sorted(_SERVICES - services.keys())]
    if len(chats(compose)) < 2:
        found.append("docker-compose.yml: fewer than two chat servers")
    settings = known_settings(tree)
    for name, service in services.items():
        found += [f"docker-compose.yml: {name}: {each}" for each in _service(name, service, compose, settings, tree)]
    made = set(re.findall(r'"([A-Z_]+)":', tree.files.get("tools/keys.py", "")))
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", tree.files.get("docker-compose.yml", "")))
    found += [f"docker-compose.yml: nothing makes {name}" for name in sorted(asked - made)]
    return found


def _service(name: str, service: dict[str, Any], compose: dict[str, Any], settings: set[str], tree: Tree) -> list[str]:
    found = []
    if "test" not in service.get("healthcheck", {}):
        found.append("no health check")
    if name not in _PUBLISHED and "ports" in service:
        found.append("its port is published")
    found += [f"published beyond loopback: {port}" for port in service.get("ports", []) if not str(port).startswith("127.0.0.1:")]
    for variable, value in service.get("environment", {}).items():
        if variable not in settings and "build" in service:
            found.append(f"{variable} is no setting")
        password = re.search(r"://\w+:([^@]*)@", str(value))
        if (_SECRET.search(variable) and not _GIVEN.match(str(value))) or (password and not _GIVEN.match(password[1])):
            found.append(f"{variable} holds a secret, which must come from the environment, without a default")
    for volume in service.get("volumes", []):
        source = str(volume).split(":")[0]
        if source.startswith("."):
            if posixpath.normpath(source) not in tree.files:
                found.append(f"volume {source} does not exist")
        elif source not in compose.get("volumes", {}):
            found.append(f"volume {source} is not declared")
    found += [f"network {each} is not declared" for each in service.get("networks", []) if each not in compose.get("networks", {})]
    for other, wish in service.get("depends_on", {}).items():
        if other not in compose["services"]:
            found.append(f"depends on {other}, which is no service")
        elif wish != {"condition": "service_healthy"}:
            found.append(f"does not wait until {other} is healthy")
    if "image" in service:
        return found if re.search(r":\d", service["image"]) else [*found, f"{service['image']} names no version"]
    return found + _image(service.get("build", {}), tree)


def _image(build: dict[str, str], tree: Tree) -> list[str]:
    context = build.get("context", ".")
    path = posixpath.normpath(posixpath.join(context, build.get("dockerfile", "Dockerfile")))
    if path not in tree.files:
        return [f"there is no {path}"]
    found = []
    lines = tree.files[path].splitlines()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                full = posixpath.normpath(posixpath.join(context, source))
                if full != posixpath.normpath(context) and full not in tree.files and not tree.paths(under=f"{full}/"):
                    found.append(f"{path}: COPY {source}: there is no {full}")
    if not any(line.startswith("USER ") for line in lines):
        found.append(f"{path}: runs as root")
    return found


def _proxy(compose: dict[str, Any], tree: Tree) -> list[str]:
    """Every chat server is behind the proxy, by its readiness; it believes the proxy alone, and outlives its own drain."""
    found = []
    text = re.sub(r"#.*", "", tree.files.get("deploy/Caddyfile", ""))
    upstreams = {word for line in re.findall(r"reverse_proxy (.*) \{", text) for word in line.split()}
    nodes = set()
    for name, chat in chats(compose).items():
        settings = chat.get("environment", {})
        aliases = chat.get("networks", {}).get("edge", {}).get("aliases", [])
        nodes |= {f"{alias}:{settings.get('SHOPBELL_PORT')}" for alias in aliases}
        fixed = compose["services"].get("proxy", {}).get("networks", {}).get("edge", {}).get("ipv4_address")
        if settings.get("SHOPBELL_PROXIES") != fixed:
            found.append(f"{name}: believes {settings.get('SHOPBELL_PROXIES')}, and the proxy is {fixed}")
        if "/readyz" not in str(chat.get("healthcheck")):
            found.append(f"{name}: is healthy without being ready")
        if not {"DATABASE_URL", "REDIS_URL", "SHOPBELL_BOT_ACTIONS_SECRET"} <= settings.keys():
            found.append(f"{name}: does not share database, hints and secrets")
        if settings != next(iter(chats(compose).values())).get("environment"):
            found.append(f"{name}: has settings of its own")
        if _seconds(chat.get("stop_grace_period", "10s")) < float(settings.get("SHOPBELL_DRAIN_S", "1")) + _END_S:
            found.append(f"{name}: is killed before it has drained")
    if upstreams != nodes:
        found.append(f"the proxy asks {sorted(upstreams)}, the chat servers are {sorted(nodes)}")
    if "health_uri /readyz" not in text:
        found.append("the proxy does not ask who is ready")
    if not re.search(r"@inside path .*/internal/\*.*\n\s*respond @inside 404", text):
        found.append("the proxy passes on what is for the bot alone")
    return [f"deploy: {each}" for each in found]


def _seconds(text: str) -> float:
    amount, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()  # type: ignore[union-attr]  # another form of time is a mistake here
    return float(amount) * {"s": 1, "m": 60}[unit]


def _redis(tree: Tree) -> list[str]:
    lines = tree.files.get("deploy/redis.acl", "").splitlines()
    found = [] if "user default off" in lines else ["deploy/redis.acl: the default user is not off"]
    for line in lines:
        words = line.split()
        if words[1:2] != ["default"] and (">${REDIS_PASSWORD}" not in words or not {"~shopbell:*", "&shopbell:*", "-@all"} <= set(words)):
            found.append(f"deploy/redis.acl: may touch more than its own: {line}")
    return found


def _procfile(tree: Tree) -> list[str]:
    found = []
    lines = dict(re.findall(r"^(\w+):\s*(.+)$", tree.files.get("Procfile", ""), flags=re.MULTILINE))
    if lines.keys() != PROGRAMS:
        found.append(f"Procfile: names {sorted(lines)}, the programs are {sorted(PROGRAMS)}")
    for name, command in lines.items():
        module = re.search(r"-m ([\w.]+)", command)
        if module is None or (
            module[1].split(".")[0] not in ("rasa", "rasa_sdk") and f"{module[1].replace('.', '/')}/__main__.py" not in tree.files
        ):
            found.append(f"Procfile: {name}: no module that can be run: {command}")
    return found
