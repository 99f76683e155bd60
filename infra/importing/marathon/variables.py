"""Commands and environment variables, with what Mesos and Marathon put into the environment of a task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.importing.app_parts import add_secret, is_secret
from infra.importing.marathon.ports import ServedPort
from infra.importing.marathon.work import SANDBOX, Unit, Work
from infra.importing.secret_words import hide_secrets, variables_of_secrets
from infra.settings.app.references import VARIABLE_NAME
from infra.settings.partly import Location
from infra.values import mapping, text

_BALANCER = r"marathon-lb(?:-\w+)?\.marathon\.mesos"
_HOST = re.compile(
    r"(?<![\w.-])(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*\.(?:mesos|thisdcos\.directory))(?![\w-])(?::(?P<port>\d{1,5}))?"
)
"""A name in one of the zones of Mesos-DNS and DC/OS, and the port behind it."""


def environment(work: Work, unit: Unit, value: Any, at: Location, target: dict[str, Any], *to: str | int) -> None:
    """Take the variables of a container to `target`, the draft of the app or of a sidecar."""
    for name, item in mapping(value).items():
        key = (*at, name)
        if item is None:
            continue
        if not re.fullmatch(VARIABLE_NAME, name):
            work.ledger.missing(key, "is no name of a variable in Kubernetes; choose one of letters, digits and _")
        elif isinstance(item, Mapping):
            _secret_variable(work, unit, name, mapping(item), key)
        elif isinstance(item, str | int | float):
            _plain_variable(work, unit, name, key, target, *to, item=item)


def words(
    work: Work, unit: Unit, given: Sequence[str], at: Location, variables: Mapping[str, Any], *to: str | int
) -> list[str]:
    """Return the words of a command as Kubernetes takes them, without secrets in them."""
    hidden = hide_secrets(work.draft, unit.name, given, of=f"the command line, {work.place(at)}")
    said = [_with_hosts(work, word) for word in given]
    known = {*variables, *variables_of_secrets(work.app(unit))}
    result: list[str] = []
    reasons = [f"{host} is {name} here" for word in said for host, name in word[1].items()]
    for index, (word, _) in enumerate(said):
        if index in hidden:
            result.append(hidden[index].word)
            reasons.append(f"a word of it looks like a secret, which the variable {hidden[index].variable} holds")
        else:
            names = "|".join(map(re.escape, sorted(known)))
            pattern = rf"\$(?=\$|\((?:{names})\))" if known else r"\$(?=\$)"
            result.append(re.sub(pattern, "$$", word))
    if reasons:
        work.ledger.decided(at, *to, why="; ".join(dict.fromkeys(reasons)))
    else:
        work.ledger.taken(at, *to)
    return result


def _with_hosts(work: Work, value: str) -> tuple[str, dict[str, str]]:
    """Return a text with the names of other apps as they are here, and which were changed."""
    if not any(zone in value for zone in ("marathon", ".mesos")):
        return value, {}
    changed: dict[str, str] = {}

    def here(match: re.Match[str]) -> str:
        host, port = match["host"].lower(), int(match["port"] or 0)
        unit = _called(work, host, port)
        if unit is None:
            return match[0]
        changed[match["host"]] = unit.name
        served = next((one for one in unit.ports if port in one.known_as), None)
        return f"{unit.name}:{served.service_port if served else port}" if port else unit.name

    return _HOST.sub(here, value), changed


def of_marathon(work: Work, unit: Unit, said: str, container: int) -> Iterator[tuple[str, Any, str]]:
    """List the variables that Marathon would set and the container needs, each with its value and why it has it.

    `said` is all in which the container may name them.
    """
    own = [port for port in unit.ports if port.container == container or unit.is_pod]
    for index, port in enumerate(own):
        for name in _port_variables(port, index, is_pod=unit.is_pod):
            is_main = name in {f"PORT{index}", "PORT"} and port.is_own_ports
            if is_main or _names(said, name):
                yield name, str(port.number), "the port that the container serves; Mesos would have chosen it"
    if own and _names(said, "PORTS"):
        yield "PORTS", ",".join(str(port.number) for port in own), "the ports that the container serves"
    plain: Mapping[str, tuple[Any, str]] = {
        "HOST": ({"field": "status.podIP"}, "the address of the pod, as no port of the node is opened"),
        "LIBPROCESS_IP": ({"field": "status.podIP"}, "the address of the pod"),
        "MESOS_CONTAINER_IP": ({"field": "status.podIP"}, "the address of the pod"),
        "MARATHON_APP_ID": (unit.identifier, "set by Marathon"),
        "MARATHON_APP_VERSION": (text(unit.value, "version") or "imported", "set by Marathon"),
        "MARATHON_APP_DOCKER_IMAGE": (work.app(unit).get("image", ""), "set by Marathon"),
        "MARATHON_APP_RESOURCE_CPUS": (_plain_number(unit.main.get("cpus", 1)), "set by Marathon"),
        "MARATHON_APP_RESOURCE_MEM": (_plain_number(unit.main.get("mem", 128)), "set by Marathon"),
        "MESOS_TASK_ID": ({"field": "metadata.name"}, "the name of the pod, which is unique too"),
        "MESOS_SANDBOX": (SANDBOX, "the folder is a scratch volume"),
    }
    for name, (value, why) in plain.items():
        if _names(said, name):
            yield name, value, why


def _plain_text(value: object) -> str:
    """Return a value of a variable as text, as Marathon hands it on."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain_number(value: object) -> str:
    return str(float(value)) if isinstance(value, int | float) else ""


def _secret_variable(work: Work, unit: Unit, name: str, item: Mapping[str, Any], key: Location) -> None:
    declared = text(item, "secret")
    source = text(mapping(mapping(unit.value.get("secrets")).get(declared)), "source") or declared
    if not _is_shared(work, unit, name, key, f"secret {source}"):
        return
    secret = add_secret(work.draft, unit.name, key=name, of=f"{source} of the secret store", env=name)
    work.ledger.taken(key, "apps", unit.name, "secrets", secret)


def _is_shared(work: Work, unit: Unit, name: str, key: Location, value: str) -> bool:
    """Check whether a secret variable is the same in all containers of a pod, which share the secrets of the app."""
    if work.secret_values.setdefault((unit.name, name), value) == value:
        return True
    what = (
        f"{name} is another secret already, and the containers of an app share its secrets; give the variable of one "
        "of them another name, or let it read a file"
    )
    work.ledger.missing(key, what)
    return False


def _plain_variable(
    work: Work, unit: Unit, name: str, key: Location, target: dict[str, Any], *to: str | int, item: object
) -> None:
    value = _plain_text(item)
    if is_secret(name, value):
        if not _is_shared(work, unit, name, key, f"value {value}"):
            return
        secret = add_secret(work.draft, unit.name, key=name, of=f"the variable {name}, {work.place(key)}", env=name)
        why = "it looks like a secret, which is never in a stack file; the Secret holds it"
        work.ledger.decided(key, "apps", unit.name, "secrets", secret, why=why)
        return
    changed, hosts = _with_hosts(work, value)
    target.setdefault("env", {})[name] = re.sub(r"\$(?=[$({])", "$$", changed)
    if hosts:
        why = ", ".join(f"{host} is {here} here" for host, here in hosts.items())
        work.ledger.decided(key, *to, "env", name, why=why)
    else:
        work.ledger.taken(key, *to, "env", name)


def _called(work: Work, host: str, port: int) -> Unit | None:
    if re.fullmatch(_BALANCER, host):
        return next((one for one in work.units.values() if any(port == own.service_port for own in one.ports)), None)
    name = work.hosts.get(host)
    return next((one for one in work.units.values() if one.name == name), None)


def _port_variables(port: ServedPort, index: int, *, is_pod: bool) -> Iterator[str]:
    name = re.sub(r"[^A-Z0-9]", "_", port.given_name.upper())
    if is_pod:
        yield from (f"ENDPOINT_{name}", f"EP_HOST_{name}", f"EP_CONTAINER_{name}")
        return
    yield f"PORT{index}"
    if index == 0:
        yield "PORT"
    if name:
        yield f"PORT_{name}"
    yield f"PORT_{port.number}"


def _names(said: str, variable: str) -> bool:
    return re.search(rf"\b{variable}\b", said) is not None
