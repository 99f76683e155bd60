"""The shipped stacks with a pipeline and images of their own, as a repository that has used it for a while."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from infra.platforms.eks.names import cluster_name, registry_host, repository_name
from infra.settings.stack_file import stack_config
from tests.ci.checkout import Checkout
from tests.workflows.files import REPOSITORY

EACH = ("dev", "staging", "prod")
ACCOUNTS = {"dev": "111122223333", "staging": "444455556666", "prod": "777788889999"}
REGION = "eu-central-1"


def image_of(stack: str, letter: str) -> str:
    """A reference to an image of the app `web` in the registry of a stack; the letter makes its tag and digest."""
    host = registry_host(ACCOUNTS[stack], REGION)
    return f"{host}/{repository_name(cluster_name('nightowl', stack), 'web')}:tree-{letter * 40}@sha256:{letter * 64}"


def sections_of(stack: str) -> dict[str, Any]:
    """The settings of a stack of that repository, by section."""
    content: Any = yaml.safe_load(STACK_FILES[stack])
    return {key.removeprefix("nightowl:"): value for key, value in content["config"].items()}


def make_repository(folder: Path) -> Checkout:
    """Commit three stacks: dev builds `web`, staging was promoted twice, and prod is behind."""
    files = {
        "Pulumi.yaml": (REPOSITORY / "Pulumi.yaml").read_text(),
        "apps/web/Dockerfile": "FROM scratch\n",
        **{_path(stack): text for stack, text in STACK_FILES.items()},
    }
    repository = Checkout.make(folder, files)
    newer = {_path("staging"): files[_path("staging")].replace(image_of("staging", "c"), image_of("staging", "e"))}
    repository.commit(newer, "Promote dev to staging")
    return repository


def _path(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def _stack_file(stack: str, letter: str, **delivery: Any) -> str:
    config: Any = stack_config(REPOSITORY / _path(stack))
    config["nightowl:platform"].update(accountId=ACCOUNTS[stack], region=REGION)
    config["nightowl:apps"]["web"].update(image=image_of(stack, letter), build="apps/web")
    subject = "repo:example/nightowl"
    config["nightowl:delivery"] = {
        "backend": f"s3://nightowl-state-{ACCOUNTS[stack]}-{REGION}?region={REGION}&awssdk=v2",
        "github": {
            "repository": "example/nightowl",
            "repositoryId": "123456789",
            "deploy": [f"{subject}:environment:{stack}"],
            "preview": [f"{subject}:pull_request", f"{subject}:ref:refs/heads/main"],
            **({"ephemeral": [f"{subject}:environment:ephemeral"]} if stack == "dev" else {}),
        },
        **delivery,
    }
    return yaml.safe_dump({"config": config}, sort_keys=False)


STACK_FILES = {
    "dev": _stack_file("dev", "a"),
    "staging": _stack_file("staging", "c", promotesFrom="dev"),
    "prod": _stack_file("prod", "d", promotesFrom="staging"),
}
