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
from infra.reconcile import Result, Step
from infra.settings.stack_file import stack_config
from infra.settings.stack_file_edit import (
    SECRETS_PROVIDER_KEY,
    StackFileEditError,
    get_value,
    read_text,
    replace_text,
    set_value,
)
from infra.values import mapping

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


def bring_up_to_date(
    file: Path, *, stack: str, account: Account, new_data_key: Callable[[], str] | None = None
) -> StackFileResult:
    """Find what differs in the stack file, and write it where `new_data_key` is given, which makes a missing key.

    Where it cannot be written the result has the lines to add.
    """
    name, text = f"{file.parent.name}/{file.name}", read_text(file)
    backend = _backend(file)
    changes = _changes(text, backend, account)
    problem = _conflict(text, backend, name, stack, account) if changes else None
    data_key = None
    if changes and new_data_key is not None:
        data_key = new_data_key() if get_value(text, DATA_KEY_PATH) is None else None
        if problem is None:
            try:
                replace_text(file, _edited(text, account, data_key))
            except StackFileEditError as error:
                problem = str(error)
            except OSError as error:
                problem = f"{name} cannot be written ({error.strerror})"
    state = "exists" if not changes else "differs" if problem or new_data_key is None else "changed"
    step = Step(name=f"stack file {name}", exists=True, changes=changes, identifier=lambda: str(file))
    lines = () if problem is None else _lines(account, data_key)
    return StackFileResult(result=Result(step=step, state=state), problem=problem, lines=lines)


def _edited(text: str, account: Account, data_key: str | None) -> str:
    if data_key is not None:
        text = set_value(text, DATA_KEY_PATH, data_key)
    text = set_value(text, (SECRETS_PROVIDER_KEY,), account.secrets_provider)
    return set_value(text, BACKEND_PATH, account.backend)


def _backend(file: Path) -> str | None:
    """Read where the state is, from the stack file or from one that it extends."""
    backend = mapping(stack_config(file).get("nightowl:delivery")).get("backend")
    return backend if isinstance(backend, str) else None


def _changes(text: str, backend: str | None, account: Account) -> tuple[Change, ...]:
    data_key = get_value(text, DATA_KEY_PATH)
    wanted = (
        ((SECRETS_PROVIDER_KEY,), get_value(text, (SECRETS_PROVIDER_KEY,)), account.secrets_provider),
        (DATA_KEY_PATH, data_key, data_key or NEW_DATA_KEY),
        (BACKEND_PATH, backend, account.backend),
    )
    return tuple(
        Change(setting=".".join(path[1:] or path), was=was, becomes=value)
        for path, was, value in wanted
        if was != value
    )


def _conflict(text: str, backend: str | None, name: str, stack: str, account: Account) -> str | None:
    """Find what names another state or another key: the file alone moves neither."""
    if backend not in {None, account.backend}:
        return (
            f"{name} keeps its state in {backend}; move it (`pulumi stack export` there, `pulumi stack import` here), "
            "then replace the line"
        )
    provider = get_value(text, (SECRETS_PROVIDER_KEY,))
    salt = get_value(text, PASSPHRASE_PATH)
    if salt is not None or provider not in {None, account.secrets_provider}:
        return (
            f"{name} encrypts its secrets with {provider or 'a passphrase'}; move them: "
            f"pulumi stack change-secrets-provider -s {stack} '{account.secrets_provider}'"
        )
    return None


def _lines(account: Account, data_key: str | None) -> tuple[str, ...]:
    encrypted = () if data_key is None else (f"encryptedkey: {data_key}",)
    return (
        f"{SECRETS_PROVIDER_KEY}: {account.secrets_provider}",
        *encrypted,
        "config:",
        "  nightowl:delivery:",
        f"    backend: {account.backend}",
    )
