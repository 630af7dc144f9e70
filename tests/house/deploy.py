"""docker-compose.yml, the Dockerfiles and the Procfile, checked by reading: no engine is needed, and none was asked.

Names of variables must be settings that some process reads; files that an image copies must be there.
"""

import posixpath
import re
from typing import Any

import yaml

from tests.house.tree import Tree

SERVICES = {"chat", "shop", "bot", "actions"}
_UNPUBLISHED = {"bot", "actions"}
_NAME = re.compile(r"""["'{ ]((?:SHOPBELL|DEMO)_[A-Z_]+|DATABASE_URL|REDIS_URL)\b""")


def check(tree: Tree) -> list[str]:
    """Everything about the deployment files that cannot be true."""
    return [*_compose(tree), *_procfile(tree)]


def known_settings(tree: Tree) -> set[str]:
    """Every name that a settings file, an inbox file or the bot's configuration reads."""
    readers = [
        path for path in tree.files if re.search(r"(^|/)(settings\.py|inbox\.toml)$|^bot/.*\.yml$", path) and not path.startswith("tests/")
    ]
    return {name for path in readers for name in _NAME.findall(re.sub(r"env:", " ", tree.files[path]))}


def _compose(tree: Tree) -> list[str]:
    text = tree.files.get("docker-compose.yml", "")
    compose: dict[str, Any] = yaml.safe_load(text) or {}
    services: dict[str, dict[str, Any]] = compose.get("services", {})
    found = [f"docker-compose.yml: no service {name}" for name in sorted(SERVICES - services.keys())]
    settings = known_settings(tree)
    for name, service in services.items():
        found += [f"docker-compose.yml: {name}: {each}" for each in _service(name, service, compose, settings, tree)]
    return found


def _service(name: str, service: dict[str, Any], compose: dict[str, Any], settings: set[str], tree: Tree) -> list[str]:
    found = []
    if "test" not in service.get("healthcheck", {}):
        found.append("no health check")
    if name in _UNPUBLISHED and "ports" in service:
        found.append("its port is published")
    found += [f"published beyond loopback: {port}" for port in service.get("ports", []) if not str(port).startswith("127.0.0.1:")]
    for variable, value in service.get("environment", {}).items():
        if variable not in settings:
            found.append(f"{variable} is no setting")
        if re.search(r"SECRET|TOKEN|PASSWORD", variable) and not re.match(r"\$\{\w+:\?", str(value)):
            found.append(f"{variable} is a secret and must come from the environment, without a default")
    for volume in service.get("volumes", []):
        source = str(volume).split(":")[0]
        if source.startswith("."):
            if posixpath.normpath(source) not in tree.files:
                found.append(f"volume {source} does not exist")
        elif source not in compose.get("volumes", {}):
            found.append(f"volume {source} is not declared")
    found += [f"network {each} is not declared" for each in service.get("networks", []) if each not in compose.get("networks", {})]
    found += [f"depends on {each}, which is no service" for each in service.get("depends_on", {}) if each not in compose["services"]]
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


def _procfile(tree: Tree) -> list[str]:
    found = []
    lines = dict(re.findall(r"^(\w+):\s*(.+)$", tree.files.get("Procfile", ""), flags=re.MULTILINE))
    if lines.keys() != SERVICES:
        found.append(f"Procfile: names {sorted(lines)}, the services are {sorted(SERVICES)}")
    for name, command in lines.items():
        module = re.search(r"-m ([\w.]+)", command)
        if module is None or (
            module[1].split(".")[0] not in ("rasa", "rasa_sdk") and f"{module[1].replace('.', '/')}/__main__.py" not in tree.files
        ):
            found.append(f"Procfile: {name}: no module that can be run: {command}")
    return found
