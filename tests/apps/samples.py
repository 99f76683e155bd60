"""Applications as a stack file describes them, and what a generator of such descriptions may vary."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from infra.settings.app.application import Application
from infra.settings.build import build_settings
from infra.settings.problems import SettingsError

DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"registry.example.com/app:1.0.0@{DIGEST}"


def web(**changes: Any) -> dict[str, Any]:
    return {"image": IMAGE, "port": 8080, **changes}


def worker(**changes: Any) -> dict[str, Any]:
    return {"kind": "worker", "image": IMAGE, **changes}


def cron(**changes: Any) -> dict[str, Any]:
    return {"kind": "cron", "image": IMAGE, "schedule": "0 3 * * *", **changes}


def job(**changes: Any) -> dict[str, Any]:
    return {"kind": "job", "image": IMAGE, "command": ["seed"], **changes}


def settings_of(**apps: dict[str, Any]) -> dict[str, Application]:
    """The settings of the apps of a stack, as its components get them."""
    return dict(build_settings({"platform": {"kind": "existing", "context": "test"}, "apps": apps}).apps)


def one(description: dict[str, Any]) -> Application:
    return settings_of(it=description)["it"]


def is_valid(description: dict[str, Any]) -> bool:
    """Whether the settings accept an app; the rules between keys are theirs, so a generator need not know them."""
    try:
        one(description)
    except SettingsError:
        return False
    return True


def _merged(parts: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return {**parts[0], **parts[1]}


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
SECONDS = st.integers(1, 600).map(lambda seconds: f"{seconds}s")
PERCENT = st.integers(1, 100).map(lambda percent: f"{percent}%")
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "cpu": st.integers(1, 4000).map(lambda millicores: f"{millicores}m"),
        "memory": st.integers(4, 4096).map(lambda mebibytes: f"{mebibytes}Mi"),
    },
)
PROBES = st.one_of(
    st.just("/healthz").map(lambda path: {"http": path, "port": 8081}),
    st.integers(1, 65535).map(lambda port: {"tcp": port}),
    st.just({"exec": ["true"], "period": "30s", "timeout": "5s"}),
)
HEALTH = st.fixed_dictionaries({}, optional={"startup": PROBES, "readiness": PROBES, "liveness": PROBES})
ENVIRONMENT = st.dictionaries(
    st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True),
    st.one_of(
        st.text("abc $()\n", max_size=8), st.just({"field": "status.podIP"}), st.just({"resource": "limits.cpu"})
    ),
    max_size=3,
)
FILES = st.dictionaries(
    st.sampled_from(["/etc/app/a.conf", "/etc/app/b c.conf", "/opt/x"]), st.text("abc: \n", max_size=8)
)
HELPER = st.fixed_dictionaries(
    {"command": st.just(["helper"])}, optional={"resources": RESOURCES, "env": ENVIRONMENT, "files": FILES}
)
_SHARED = {
    "env": ENVIRONMENT,
    "files": FILES,
    "resources": RESOURCES,
    "secrets": st.dictionaries(NAMES, st.just("credentials/key"), max_size=2),
    "security": st.fixed_dictionaries(
        {},
        optional={"user": st.integers(1, 2**31 - 1), "group": st.integers(1, 2**31 - 1), "readOnlyRoot": st.booleans()},
    ),
    "volumes": st.just({"scratch": {"mount": "/var/cache/app", "size": "32Mi"}}),
    "init": st.fixed_dictionaries({}, optional={"prepare": HELPER, "migrate": HELPER}),
    "sidecars": st.fixed_dictionaries({}, optional={"proxy": HELPER, "logs": HELPER}),
}
_LONG_RUNNING = {
    **_SHARED,
    "health": HEALTH,
    "availability": st.fixed_dictionaries(
        {},
        optional={
            "zones": st.sampled_from(["require", "prefer"]),
            "maxUnavailable": PERCENT,
            "evictAfter": SECONDS,
            "priority": st.sampled_from(["high", "normal", "low"]),
        },
    ),
    "rollout": st.fixed_dictionaries(
        {},
        optional={
            "surge": PERCENT,
            "finishWithin": SECONDS,
            "drain": st.integers(0, 120).map(lambda seconds: f"{seconds}s"),
            "deadline": st.integers(130, 900).map(lambda seconds: f"{seconds}s"),
        },
    ),
}
_SIZES = st.one_of(
    st.just({}),
    st.integers(1, 50).map(lambda count: {"replicas": count}),
    st.tuples(st.integers(1, 30), st.integers(0, 30), PERCENT).map(
        lambda bounds: {"scaling": {"min": bounds[0], "max": bounds[0] + bounds[1], "cpu": bounds[2]}}
    ),
)
WEBS = (
    st.tuples(
        st.fixed_dictionaries({"image": st.just(IMAGE), "port": st.integers(1, 65535)}, optional=_LONG_RUNNING), _SIZES
    )
    .map(_merged)
    .filter(is_valid)
)
WORKERS = (
    st.tuples(
        st.fixed_dictionaries({"kind": st.just("worker"), "image": st.just(IMAGE)}, optional=_LONG_RUNNING), _SIZES
    )
    .map(_merged)
    .filter(is_valid)
)
CRONS = st.fixed_dictionaries(
    {"kind": st.just("cron"), "image": st.just(IMAGE), "schedule": st.sampled_from(["*/5 * * * *", "0 3 * * *"])},
    optional={
        **_SHARED,
        "timeout": SECONDS,
        "retries": st.integers(0, 5),
        "overlap": st.sampled_from(["forbid", "allow", "replace"]),
    },
).filter(is_valid)
APPS = st.one_of(WEBS, WORKERS, CRONS)
