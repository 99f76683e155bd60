"""Each cell of the table of docs/delivery.md, against what it should be."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.platforms.eks.pipeline.actors import (
    CLUSTER,
    GIVES,
    MACHINES,
    NOTHING,
    OTHERS,
    PAGE,
    REPOSITORY,
    Actor,
    actors,
    cell,
    columns,
    written,
)

LOOKS = "looks, not at Secrets"
DEPLOYS = {
    "state": "changes",
    "network, machines": "changes",
    "keys": "changes",
    "load balancer, DNS": "changes",
    "images": "changes",
    "roles": "changes",
    "builds in the VPC": "changes",
    CLUSTER: "administers",
    MACHINES: "any",
    OTHERS: "bucket of access logs",
}
PREVIEWS = {"roles it gets": "preview of dev, preview of prod", "state": "reads", CLUSTER: LOOKS}
GUESTS = {
    MACHINES: "for 40 pods a guest, up to the pools' `max`",
    "state": "reads",
    "load balancer, DNS": "changes",
    "images": "reads",
    "roles": GIVES,
}
EXPECTED: Mapping[str, Mapping[str, str]] = {
    "a stranger, by a pull request from a fork": {},
    "somebody who can push a branch": {
        **GUESTS,
        "roles it gets": "preview of dev, ephemeral of dev, preview of prod",
        CLUSTER: f"{LOOKS}, namespaces `pr-*`",
        REPOSITORY: "all that a job can ask for",
    },
    "a reviewer, by what he merges and releases": {
        **DEPLOYS,
        "roles it gets": "deploy of dev, deploy of prod",
        REPOSITORY: "[as a person](github.md#what-reviewed-is-worth)",
    },
    "a job of `ci`": {},
    "a job of `deploy`": {**DEPLOYS, "roles it gets": "deploy of prod"},
    "a job of `drift`": {**PREVIEWS, REPOSITORY: "issues"},
    "a job of `ephemeral`": {
        **GUESTS,
        "roles it gets": "ephemeral of dev",
        CLUSTER: "namespaces `pr-*`",
        REPOSITORY: "pull-requests",
    },
    "a job of `main`": {
        **DEPLOYS,
        "roles it gets": "deploy of dev",
        REPOSITORY: "actions, contents, pull-requests",
    },
    "a job of `preview`": {**PREVIEWS, REPOSITORY: "pull-requests"},
    "a job of `promote`": {REPOSITORY: "contents, pull-requests"},
    "a job of `recover`": {**DEPLOYS, "roles it gets": "deploy of dev, deploy of prod"},
    "a job of `release`": {REPOSITORY: "contents"},
    "a job of `staging`": {REPOSITORY: "contents, pull-requests"},
    "a job of `versions`": {REPOSITORY: "issues"},
    "a node": {"images": "reads"},
    "a pod of an app, by its role": {"secrets": "reads", "keys": "reads"},
    "a pod of a pull request, by its role": {"secrets": "reads", "keys": "reads"},
    "any role that dev's deployment can make": {
        MACHINES: "up to the pools' `max`",
        "secrets": "reads",
        "network, machines": "changes",
        "keys": "changes",
        "load balancer, DNS": "changes",
        "images": "reads",
    },
}
"""What each actor reaches; what is not named is out of reach."""


@pytest.fixture(scope="module")
def acting() -> dict[str, Actor]:
    return {actor.name: actor for actor in actors()}


def test_every_actor_is_here(acting: dict[str, Actor]) -> None:
    assert list(acting) == list(EXPECTED)


@pytest.mark.parametrize("column", columns())
@pytest.mark.parametrize("actor", EXPECTED)
def test_an_actor_reaches(actor: str, column: str, acting: dict[str, Actor]) -> None:
    assert cell(acting[actor], column) == EXPECTED[actor].get(column, NOTHING)


def test_the_page_says_what_the_table_says() -> None:
    page = PAGE.read_text()
    assert page == written(page), "run: python -m tests.platforms.eks.pipeline.actors"
