"""An app that is told of another one, which it may not call, is told of before its connections time out."""

from __future__ import annotations

from typing import Any

import pytest

from infra.apps.reach_doubts import reach_doubts
from infra.settings.build import build_settings

IMAGE = "registry.example.com/it:1"
DB = {"kind": "stateful", "image": IMAGE, "port": 5432, "servicePort": 6000, "replicas": 1}


def _doubts(web: dict[str, Any], db: dict[str, Any] = DB) -> list[str]:
    apps = {"web": {"image": IMAGE, "port": 80, **web}, "db": db, "tick": {"kind": "job", "image": IMAGE}}
    settings = build_settings({"platform": {"kind": "existing", "context": "test"}, "apps": apps})
    return list(reach_doubts(settings.apps, "shop"))


@pytest.mark.parametrize(
    ("place", "web"),
    [
        ("env.DB_HOST", {"env": {"LEVEL": "info", "DB_HOST": "db"}}),
        ("env.DSN", {"env": {"DSN": "postgres://web:secret@db/web", "LATER": "db:5432"}, "notSecret": ["env.DSN"]}),
        ("env.TO", {"env": {"TO": "http://db.shop.svc.cluster.local:5432/x"}}),
        ("env.TO", {"env": {"TO": "a:1,db-0.db-peers:5432"}}),
        ("args[1]", {"args": ["--to", "db:6000"]}),
        ("command[0]", {"command": ["--to=db:5432"]}),
        ('files["/etc/app.conf"]', {"files": {"/etc/app.conf": "upstream http://db:5432;"}}),
        ('files["/etc/app.conf"]', {"files": {"/etc/app.conf": "# see below\nproxy_pass http://db;"}}),
        ('files["/etc/app.ini"]', {"files": {"/etc/app.ini": "[main]\nhost=db user=web"}}),
        ("env.TO", {"env": {"TO": "http://db.shop.svc.cluster.local.:5432/"}}),
        ("env.PGHOST", {"env": {"PGHOST": "db"}}),
        ("args[0]", {"args": ["--host=db"]}),
        ("sidecars.proxy.args[0]", {"sidecars": {"proxy": {"args": ["http://db/"]}}}),
        ("init.wait.env.HOST", {"init": {"wait": {"command": ["wait"], "env": {"HOST": "db.shop"}}}}),
        ("release.env.HOST", {"release": {"command": ["migrate"], "env": {"HOST": "db"}}}),
    ],
)
def test_an_app_that_is_named_and_may_not_be_called_is_told_with_the_line_that_allows_it(
    place: str, web: dict[str, Any]
) -> None:
    assert _doubts(web) == [
        f"nightowl:apps.web.{place}: names db, which web may not call; add db to nightowl:apps.web.allowTo"
    ]


@pytest.mark.parametrize(
    "web",
    [
        {"env": {"DB_HOST": "db"}, "allowTo": ["db"]},
        {"env": {"DB_HOST": "db"}, "allowTo": [{"app": "db", "ports": [5432]}]},
        {"env": {"DB_NAME": "db", "DRIVER": "db"}},
        {"env": {"DB_HOST": "db.example.com", "OTHER_HOST": "my-db", "URL": "https://db.example.com/db"}},
        {"env": {"URL": "http://web/db", "TEXT": "db:9999"}},
        {"env": {"URL": "http://tick/"}},
        {"env": {"SECURITY_REALM": "db", "SERVER_ROLE": "db", "GHOST": "db", "CURL_OPTS": "db", "ADDRESS_BOOK": "db"}},
        {"env": {"A": "s3://db/x", "B": "docker://db", "C": "https://hub.example.com/library/db:5432", "D": "me@db"}},
        {"env": {"NOT_SERVED": "http://db:9999/"}},
        {"files": {"/etc/app.conf": "# proxy_pass http://db:5432;\n  // http://db/\n"}},
    ],
)
def test_what_is_allowed_or_no_host_is_not_doubted(web: dict[str, Any]) -> None:
    assert _doubts(web) == []


def test_who_is_let_in_by_the_other_side_is_not_doubted() -> None:
    assert _doubts({"env": {"DB_HOST": "db"}}, {**DB, "allowFrom": ["web"]}) == []
