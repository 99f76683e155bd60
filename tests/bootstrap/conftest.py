"""An AWS account that is a moto double, made exact where moto is not, and a stack of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from moto import mock_aws
from moto.iam.models import iam_backends
from moto.kms.utils import generate_private_key

from infra.bootstrap.account import Account
from infra.bootstrap.buckets import log_bucket_step, state_bucket_step
from infra.bootstrap.connection import Connection
from infra.bootstrap.github_provider import github_provider_step
from infra.bootstrap.key import key_step
from infra.bootstrap.resource import Change
from infra.bootstrap.run import run_bootstrap
from infra.reconcile import Mode, Step
from tests.printed import printed_to

ACCOUNT = "123456789012"
REGION = "eu-central-1"
STACK_FILE = f"""\
# A stack of the tests.
config:
  nightowl:platform:
    kind: eks
    region: {REGION}
    accountId: "{ACCOUNT}" # the account of the tests

  # Two pools.
  nightowl:nodePools:
    system: {{ instanceTypes: [t4g.medium], min: 2, max: 3, system: true }}
    apps: {{ instanceTypes: [m7g.large], min: 2, max: 6 }}

  nightowl:apps: {{}} # nothing runs yet
"""
READING = ("Describe", "Generate", "Get", "Head", "List")
"""How the names of the calls begin that change nothing."""


def client_error(code: str, message: str, operation: str = "Test") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Aws:
    """The account, and what was asked of it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: dict[str, BaseException] = {}
        self.foreign_buckets: set[str] = set()
        self.after_change: Callable[[str], None] = lambda _: None
        self._clients: dict[str, Any] = {}
        self._lifecycles: dict[str, list[Any]] = {}

    @property
    def changing_calls(self) -> list[str]:
        return [operation for operation, _ in self.calls if not operation.startswith(READING)]

    def client(self, service: Any) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, region_name=REGION)
        return self._clients[service]

    def call(self, client: BaseClient, real: Callable[..., Any], operation: str, arguments: dict[str, Any]) -> Any:
        self.calls.append((operation, arguments))
        if operation in self.failures:
            raise self.failures[operation]
        if client.meta.service_model.service_name == "s3":
            self._check_owner(operation, arguments)
        answer = self._answer(client, real, operation, arguments)
        if not operation.startswith(READING):
            self.after_change(operation)
        return answer

    def _check_owner(self, operation: str, arguments: dict[str, Any]) -> None:
        if arguments.get("Bucket") not in self.foreign_buckets:
            return
        if operation == "CreateBucket":
            raise client_error("BucketAlreadyExists", "The requested bucket name is not available.", operation)
        raise client_error("403" if operation == "HeadBucket" else "AccessDenied", "Forbidden", operation)

    def _answer(self, client: BaseClient, real: Callable[..., Any], operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "AddClientIDToOpenIDConnectProvider":  # moto has it not
            provider = iam_backends[ACCOUNT]["aws"].open_id_providers[arguments["OpenIDConnectProviderArn"]]
            provider.client_id_list.append(arguments["ClientID"])
            return {}
        answer = real(client, operation, arguments)
        if operation == "PutBucketLifecycleConfiguration":
            self._lifecycles[arguments["Bucket"]] = arguments["LifecycleConfiguration"]["Rules"]
        if operation == "GetBucketLifecycleConfiguration":  # moto forgets NewerNoncurrentVersions
            answer["Rules"] = self._lifecycles[arguments["Bucket"]]
        return answer


class Shell:
    """A checkout with one stack, in which the command is run."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.file = project / "stacks" / "Pulumi.dev.yaml"
        self.environment: dict[str, str] = {}

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def run(self, mode: Mode = "apply") -> dict[str, Any]:
        """Run it with `--json`; `well` tells whether the exit code would be 0."""
        lines: list[str] = []
        console = printed_to(lines)
        well = run_bootstrap(
            self.file, stack="dev", mode=mode, environment=self.environment, as_json=True, console=console
        )
        return {**json.loads("\n".join(lines)), "well": well}

    def differences(self) -> list[tuple[str, str | None]]:
        """The resources and settings that `--check` finds."""
        return [(change["resource"], change["setting"]) for change in self.run("check")["changes"]]


@pytest.fixture(scope="session", autouse=True)
def keys_made_once() -> Iterator[None]:
    """Give each key of moto's KMS the same material: making some takes 46 ms, and nothing looks at it."""
    with patch("moto.kms.models.generate_private_key", cache(generate_private_key)):
        yield


@pytest.fixture(scope="session")
def models() -> Loader:
    """The descriptions of AWS's services, which take longer to read than a test takes to run."""
    return botocore.session.create_loader()


@pytest.fixture
def account() -> Account:
    return Account(id=ACCOUNT, region=REGION)


@contextmanager
def account_double(home: Path, models: Loader) -> Generator[Aws]:
    """Stand in for an account. No credentials of whoever runs the tests are found meanwhile."""
    account = Aws()
    client_class: Any = BaseClient
    real = client_class._make_api_call

    def call(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        return account.call(client, real, operation, arguments)

    # moto goes last: it leaves the credentials of the shell as it found them.
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        for name, value in {"ACCESS_KEY_ID": "testing", "SECRET_ACCESS_KEY": "testing"}.items():
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        patch.setattr(botocore.session, "create_loader", lambda _: models)
        patch.setattr(BaseClient, "_make_api_call", call)
        yield account


def read(aws: Aws, name: str) -> Step[Change]:
    """Read one step of a bootstrap, by what it is about."""
    account = Account(id=ACCOUNT, region=REGION)
    connection = Connection(account=account, kms=aws.client("kms"), s3=aws.client("s3"), iam=aws.client("iam"))
    match name:
        case "key":
            return key_step(connection)
        case "logs":
            return log_bucket_step(connection)
        case "state":
            return state_bucket_step(connection, key_step(connection).identifier())
        case _:
            return github_provider_step(connection)


NAMES = ("key", "logs", "state", "github")


@pytest.fixture
def aws(tmp_path: Path, models: Loader) -> Iterator[Aws]:
    with account_double(tmp_path, models) as account:
        yield account


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, models: Loader) -> Iterator[Aws]:
    """An account that a run has prepared, for all tests of a module."""
    with account_double(tmp_path_factory.mktemp("home"), models) as account:
        for name in NAMES:
            read(account, name).apply()
        yield account


@pytest.fixture
def made_aws(made_once: Aws) -> Aws:
    """The same, with nothing recorded. Whoever changes it puts it back."""
    made_once.calls.clear()
    made_once.failures.clear()
    return made_once


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: nightowl\nruntime: python\nstackConfigDir: stacks\n")
    shell = Shell(tmp_path)
    shell.write(STACK_FILE)
    return shell
