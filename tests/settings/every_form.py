"""Each form that a key of an app may have, as the models allow it: one app for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from infra.settings.annotations import choices, is_section, item_type, map_types, members
from infra.settings.app.application import Application
from infra.settings.build import build_settings
from infra.settings.model import Model
from infra.settings.problems import SettingsError
from infra.settings.scalars import Notation
from tests.apps.samples import IMAGE, web

OUTPUT = "made-by-own-code"
TEXTS: Mapping[str, Sequence[Any]] = {
    "image": [IMAGE, "example.com/app:1"],
    "reference": ["dev/key"],
    "folder": ["apps/web"],
    "host name": ["app.dev.example.com"],
    "path": ["/srv/data"],
    "network": ["10.1.0.0/16", "0.0.0.0/0"],
    "cron schedule": ["*/5 * * * *", "@daily"],
    "time zone": ["Europe/Berlin"],
    "variable name": ["VARIABLE"],
    "text": ["text"],
    "output": [OUTPUT],
    "label": ["example.com/disk"],
    "taint": ["gpu"],
    "port": [9000],
    "port or its name": ["more"],
    "CPU": ["250m"],
    "size": ["64Mi"],
    "duration": ["0s", "5s", "30s", "5m", "1h"],
    "percentage": ["0%", "10%", "100%"],
    "whole number": [2],
    "`true` or `false`": [False, True],
}
"""Values of a scalar, by its notation in docs/configuration.md; any other is a name."""
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234"
BY_KEY: Mapping[str, Sequence[Any]] = {
    "notSecret": [["env.MAP_TOKEN"]],
    "app": ["peer"],
    "dependsOn": [["peer"]],
    "redirect": ["https", "app.dev.example.com"],
    "was": ["old.data"],
    "from": ["lender.disk"],
    "http": ["/path"],
    "loadBalancer": [True],
    "pullSecrets": [["kept-credentials"]],
    "permissions": [
        [
            {"s3": "uploads", "access": "readWrite", "prefix": "in/", "kmsKey": KEY},
            {"sqs": "jobs", "access": "write"},
            {"sns": "news"},
            {"dynamodb": "orders"},
            {"secretsManager": "dev/key", "access": "write"},
            {"ses": "example.com"},
            {"bedrock": "eu.amazon.nova-pro-v1:0"},
            {
                "actions": ["cloudwatch:PutMetricData"],
                "resources": ["*"],
                "conditions": {"StringEquals": {"cloudwatch:namespace": ["shop"]}},
            },
        ]
    ],
}
"""Values of keys that mean something that is elsewhere, or that have a form of their own."""
BESIDE: Mapping[str, Mapping[str, Any]] = {
    "VolumeSettings.kind": {"size": "1Gi"},
    "VolumeSettings.storageClass": {"size": "1Gi", "kind": "persistent"},
    "VolumeSettings.shared": {"size": "1Gi", "kind": "persistent", "storageClass": "shared"},
    "VolumeSettings.keep": {"size": "1Gi", "kind": "persistent"},
    "VolumeSettings.was": {"size": "1Gi", "kind": "persistent"},
    "VolumeSettings.readOnly": {"size": "1Gi", "kind": "persistent"},
    "ProbeSettings.port": {"http": "/path"},
    "ProbeSettings.scheme": {"http": "/path", "port": 9000},
    "ProbeSettings.headers": {"http": "/path", "port": 9000},
    "ProbeSettings.initialDelay": {"tcp": 9000},
    "ProbeSettings.period": {"tcp": 9000},
    "ProbeSettings.timeout": {"tcp": 9000},
    "ProbeSettings.failures": {"tcp": 9000},
    "ProbeSettings.successes": {"tcp": 9000},
    "TrafficSettings.redirect": {"hosts": ["app.dev.example.com", "www.dev.example.com"]},
    "GrpcSettings.service": {"port": 9000},
    "Peer.labels": {"namespace": "monitoring"},
    "Peer.ports": {"app": "peer"},
    "ResourceSettings.memoryLimit": {"memory": "32Mi"},
    "ScalingSettings.max": {"min": 1},
    "SecretSettings.ref": {"key": "password"},
    "SecretSettings.tls": {"ref": "kept-certificate"},
    "HealthSettings.startWithin": {"readiness": {"tcp": 9000}},
}
"""What a key goes with, in its own section."""
PARTS = frozenset({"health", "init", "sidecars"})
"""Keys whose entries, probes and containers, are judged each by itself: one app has as many forms of them as agree."""
APP: TypeAdapter[Application] = TypeAdapter(Application)
PEER = web(ports={"more": 9000})
"""An app that others refer to."""
EXISTING: Mapping[str, Any] = {"platform": {"kind": "existing", "context": "test"}}
ON_EKS: Mapping[str, Any] = {
    "platform": {"kind": "eks", "region": "eu-central-1", "accountId": "111122223333"},
    "nodePools": {
        "system": {"instanceTypes": ["m7g.large"], "system": True},
        "apps": {"instanceTypes": ["m7g.large"]},
    },
    "loadBalancer": {"public": True, "allowFrom": ["203.0.113.0/24"], "domain": "dev.example.com"},
}
"""As little as a stack on EKS can have: much more would be read anew for each form."""
COMPANIONS: Sequence[Mapping[str, Any]] = [
    {},
    {"replicas": 1},
    {"ports": {"more": 9000}},
    {"health": {"readiness": {"tcp": 9000}}},
    {"rollout": {"deadline": "1h"}},
    {"env": {"MAP_TOKEN": "open-to-everybody"}},
    {"traffic": {"path": "/"}},
]
"""What an app may need besides, for a form to be accepted."""
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "web": {"port": 8080},
    "stateful": {"port": 8080},
    "cron": {"schedule": "0 3 * * *"},
}
"""What an app of a kind cannot be without, besides its image."""


def every_form(sections: Mapping[str, Any] = EXISTING, *, keys: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Return apps that together have each form that a stack file with `sections` accepts, by name.

    Given `keys`, the forms are of those keys of an app only.
    """
    forms: dict[str, list[dict[str, Any]]] = {}
    for kind, model in _kinds().items():
        for key, field in _keys(model):
            for form in _forms(key, field.annotation, field.metadata) if key in keys or not keys else ():
                app = {"kind": kind, "image": IMAGE, **NEEDED.get(kind, {}), key: form}
                forms.setdefault(f"{key} {form}", []).append(app)
    accepted = [app for apps in forms.values() if (app := _accepted(apps, sections)) is not None]
    together: list[list[dict[str, Any]]] = []
    for app in accepted:
        room = (group for group in together if all(_agree(app, other) for other in group))
        group = next(room, None)
        if group is None:
            together.append([app])
        else:
            group.append(app)
    apps = [app for group in together for app in _joined(group, sections)]
    named = {f"shape-{number}": _at_its_own_address(app, number) for number, app in enumerate(apps)}
    return {**named, "peer": PEER}


def _at_its_own_address(app: dict[str, Any], number: int) -> dict[str, Any]:
    traffic = app.get("traffic")
    if traffic is None:
        return app
    addresses: list[dict[str, Any]] = traffic if isinstance(traffic, list) else [traffic]
    if any(address.get("protocol") in ("tcp", "udp") for address in addresses):
        return {**app, "port": 20000 + number}
    own = [_moved(address, number) for address in addresses]
    return {**app, "traffic": own if isinstance(traffic, list) else own[0]}


def _moved(address: dict[str, Any], number: int) -> dict[str, Any]:
    host = f"shape-{number}.dev.example.com"
    if address.get("redirect") in address.get("hosts", ()):
        # A host that is redirected is so with every path.
        return {**address, "hosts": [host, f"other-{number}.dev.example.com"], "redirect": host}
    return {**({"path": f"/shape-{number}"} if address.keys() & {"host", "hosts"} else {"host": host}), **address}


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[key] == other[key] for key in one.keys() & other.keys() - PARTS) and not any(
        one[key].keys() & other[key].keys() for key in one.keys() & other.keys() & PARTS
    )


def _joined(apps: list[dict[str, Any]], sections: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one app with the forms of all `apps`, or several where that one would not be accepted."""
    joined = {key: value for app in apps for key, value in app.items()}
    for key in joined.keys() & PARTS:
        joined[key] = {name: form for app in apps for name, form in app.get(key, {}).items()}
    if len(apps) == 1 or _is_valid(joined, sections):
        return [joined]
    half = len(apps) // 2
    return [*_joined(apps[:half], sections), *_joined(apps[half:], sections)]


def _kinds() -> dict[str, type[Model]]:
    models = [member for _, member in members(Application) if is_section(member)]
    return {choices(model.model_fields["kind"].annotation)[0]: model for model in models}


def _keys(model: type[Model]) -> list[tuple[str, FieldInfo]]:
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _accepted(apps: Sequence[Mapping[str, Any]], sections: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the first app of several kinds, with the first companion, that is accepted."""
    all_of_them = ({**companion, **app} for app in apps for companion in COMPANIONS)
    return next((app for app in all_of_them if _is_valid(app, sections)), None)


def _is_valid(app: dict[str, Any], sections: Mapping[str, Any]) -> bool:
    try:
        # Most of what is refused is refused by the app itself, without a look at the rest of a stack.
        APP.validate_python(app)
        build_settings({**sections, "apps": {"it": app, "peer": PEER}})
    except (ValidationError, SettingsError):
        return False
    return True


def _forms(key: str, annotation: Any, metadata: Sequence[Any] = ()) -> list[Any]:
    """List the values that `key` may have, each with one key of a section below it."""
    if key in BY_KEY:
        return list(BY_KEY[key])
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _forms(key, inner, [*more, *metadata])
    notation = next((item for item in reversed(metadata) if isinstance(item, Notation)), None)
    if notation is not None:
        return _bounds(metadata) or list(TEXTS.get(notation.name, ["data"]))
    if annotation is None or annotation is type(None):
        return []
    if is_section(annotation):
        return _sections(annotation)
    map_of = map_types(annotation)
    if map_of:
        name = _forms("", map_of[0])[0]
        forms = _forms("", map_of[1])
        return [{f"{name}-{number}" if key in PARTS else name: form} for number, form in enumerate(forms)]
    if item_type(annotation):
        return [[form] for form in _forms("", item_type(annotation))]
    if choices(annotation):
        return list(choices(annotation))
    if annotation in (str, int, bool):
        return {str: ["text"], int: [1], bool: [False, True]}[annotation]
    return [form for member in get_args(annotation) for form in _forms(key, member)]


def _sections(model: type[Model]) -> list[dict[str, Any]]:
    forms = {key: _forms(key, field.annotation, field.metadata) for key, field in _keys(model)}
    needed = {key: forms[key][0] for key, field in _keys(model) if field.is_required()}
    needed |= {"command": ["run"]} if "command" in forms else {}
    return [
        {**needed, **BESIDE.get(f"{model.__name__}.{key}", {}), key: form}
        for key, values in forms.items()
        for form in values
    ]


def _bounds(metadata: Sequence[Any]) -> list[int]:
    flat = [item for entry in metadata for item in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
    low = next((item.ge for item in flat if isinstance(item, Ge)), None)
    high = next((item.le for item in flat if isinstance(item, Le)), None)
    return [bound for bound in (low, high) if isinstance(bound, int)]
