"""What a bootstrap writes into the stack file: where the state is, and which key encrypts its secrets.

`pulumi stack init` without `--secrets-provider` asks for a passphrase and removes the key `secretsprovider`. With it,
it makes an `encryptedkey` (the key that encrypts the secrets, encrypted by KMS) and writes the file anew, without its
layout; so does every later command where the key is missing. Where it stands there already, the file stays as it is
(cmd/pulumi/stack/secrets.go and secrets/cloud/manager.go in Pulumi's source, v3.274.1). So the bootstrap writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.bootstrap.account import Account
from infra.bootstrap.resource import Change
from infra.reconcile import Result, State, Step
from infra.settings.stack_file_edit import (
    SECRETS_PROVIDER_KEY,
    StackFileEditError,
    get_value,
    read_text,
    replace_text,
    set_value,
)

BACKEND_PATH = ("config", "nightowl:delivery", "backend")
DATA_KEY_PATH = ("encryptedkey",)
PASSPHRASE_PATH = ("encryptionsalt",)
NEW_DATA_KEY = "a new key, encrypted by KMS"


@dataclass(frozen=True, kw_only=True)
class StackFileResult:
    """What was found or done. `problem` says why lines must be added by hand: `lines`, as they are to be written."""

    result: Result[Change]
    problem: str | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StackFileStep:
    """The stack file at `path`, called `name` in what is printed."""

    path: Path
    name: str
    stack: str
    account: Account

    def read(self) -> StackFileResult:
        """Find what `apply` would change, and change nothing."""
        text = read_text(self.path)
        changes = self._changes(text)
        return self._result("differs" if changes else "exists", changes, self._conflict(text) if changes else None)

    def apply(self, new_data_key: Callable[[], str]) -> StackFileResult:
        """Write what differs. Where that is not possible the result has the lines to add."""
        text = read_text(self.path)
        changes = self._changes(text)
        if not changes:
            return self._result("exists", changes, None)
        problem = self._conflict(text)
        data_key = new_data_key() if get_value(text, DATA_KEY_PATH) is None else None
        if problem is None:
            try:
                replace_text(self.path, self._edited(text, data_key))
            except StackFileEditError as error:
                problem = str(error)
            except OSError as error:
                problem = f"{self.name} cannot be written ({error.strerror})"
        return self._result("differs" if problem else "changed", changes, problem, data_key)

    def _edited(self, text: str, data_key: str | None) -> str:
        if data_key is not None:
            text = set_value(text, DATA_KEY_PATH, data_key)
        text = set_value(text, (SECRETS_PROVIDER_KEY,), self.account.secrets_provider)
        return set_value(text, BACKEND_PATH, self.account.backend)

    def _changes(self, text: str) -> tuple[Change, ...]:
        wanted = (
            ((SECRETS_PROVIDER_KEY,), self.account.secrets_provider),
            (DATA_KEY_PATH, get_value(text, DATA_KEY_PATH) or NEW_DATA_KEY),
            (BACKEND_PATH, self.account.backend),
        )
        return tuple(
            Change(setting=".".join(path[1:] or path), was=was, becomes=value)
            for path, value in wanted
            if (was := get_value(text, path)) != value
        )

    def _conflict(self, text: str) -> str | None:
        """Find what names another state or another key: the file alone moves neither."""
        backend = get_value(text, BACKEND_PATH)
        if backend not in {None, self.account.backend}:
            return (
                f"{self.name} keeps its state in {backend}; move it (`pulumi stack export` there, `pulumi stack "
                "import` here), then replace the line"
            )
        provider = get_value(text, (SECRETS_PROVIDER_KEY,))
        salt = get_value(text, PASSPHRASE_PATH)
        if salt is not None or provider not in {None, self.account.secrets_provider}:
            return (
                f"{self.name} encrypts its secrets with {provider or 'a passphrase'}; move them: "
                f"pulumi stack change-secrets-provider -s {self.stack} '{self.account.secrets_provider}'"
            )
        return None

    def _result(
        self, state: State, changes: tuple[Change, ...], problem: str | None, data_key: str | None = None
    ) -> StackFileResult:
        step = Step(name=f"stack file {self.name}", exists=True, changes=changes, identifier=lambda: str(self.path))
        lines = () if problem is None else self._lines(data_key)
        return StackFileResult(result=Result(step=step, state=state), problem=problem, lines=lines)

    def _lines(self, data_key: str | None) -> tuple[str, ...]:
        encrypted = () if data_key is None else (f"encryptedkey: {data_key}",)
        return (
            f"{SECRETS_PROVIDER_KEY}: {self.account.secrets_provider}",
            *encrypted,
            "config:",
            "  nightowl:delivery:",
            f"    backend: {self.account.backend}",
        )
