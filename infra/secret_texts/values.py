"""Values that are evidently no secrets, whatever their name says."""

from __future__ import annotations

import base64
import binascii
import re

from infra.secret_texts.names import Suspicion, suspicion

_SHORTEST_RANDOM = 16
"""Characters of a key that was made by chance; nobody makes a shorter one to last."""
_PLAIN_WORDS = {
    "", "-", "0", "1", "any", "auto", "bool", "boolean", "default", "deny", "disabled", "enabled", "env", "false",
    "file", "files", "header", "hidden", "inherit", "int", "integer", "n/a", "nil", "no", "none", "null", "number",
    "object", "off", "on", "optional", "read", "redacted", "required", "str", "string", "text", "true", "undefined",
    "write", "yes", "~",
}  # fmt: skip
"""Switches, and names of types in schemas. Words that people take for passwords (`secret`, `changeme`) are not here."""
_NUMBER = re.compile(r"[-+]?\d{1,6}(?:\.\d+)?%?|\d{7,16}")
_AMOUNT = re.compile(
    r"(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|d|w|y|k|ki|mi|gi|kb|mb|gb|b|seconds?|minutes?|hours?|days?))+", re.I
)
_FOLDERS = (
    "app", "bin", "config", "credentials", "data", "dev", "etc", "home", "keys", "lib", "mnt", "opt", "private", "proc",
    "root", "run", "secret", "secrets", "srv", "ssl", "tls", "tmp", "usr", "var", "vault", "workspace",
)  # fmt: skip
_PATH = re.compile(rf"(?:file://)?(?:/(?:{'|'.join(_FOLDERS)})(?:/[\w.@+-]+)*/?|(?:\.{{1,2}}|~)(?:/[\w.@+-]+)+/?)")
_FILLED_IN = re.compile(
    r"\${1,2}\(.*\)|\$\{\{.*\}\}|\${1,2}\{[\w.@-]*(?::?[?+].*|:?-?(?:\$\{\w*\})?)\}"
    r"|\$\{(?:env|file|localEnv|op|secret|sm|sops|ssm|vault)[:.].*\}|\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+|\d)"
    r"|%[A-Za-z_]\w*%|<[^<>]*>|\{\{.*\}\}|\[\[.*\]\]|\{[\w.]*\}|@\w+@|[*xX.•]{3,}|%[sv]"
)
"""Put in by somebody later: a variable, a template, a blank."""
_ELSEWHERE = re.compile(
    r"(?:arn:aws[\w-]*:|vault:|ref\+|op://|awssm://|awskms://|gcpsm://|secretref:|secretKeyRef:|sm://|env[:.]|file:"
    r"|projects/[^/\s]+/(?:secrets|locations)/|alias/|keyvault:|@Microsoft\.KeyVault|ENC\[|AQICAH|\$ANSIBLE_VAULT|process\.env\b|os\.environ\b"
    r"|os\.getenv\b|ENV\[|System\.getenv\b|import\.meta\.env\b|var\.|local\.|data\.)\S*"
)
"""A reference into a store, or what a store has encrypted."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s@]*", re.I)
_ACCOUNT = re.compile(r"[\w.-]+:[x*!]:\d+:\d+:[^\s:]*:[^\s:]*:[^\s:]*")
"""A line of /etc/passwd, whose password is elsewhere."""
_HARMLESS = (_AMOUNT, _PATH, _FILLED_IN, _ELSEWHERE, _ADDRESS, _ACCOUNT)
_OPEN_KEY = re.compile(
    r"(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-ssh-\S+) |-----BEGIN (?:CERTIFICATE|\w* ?PUBLIC KEY)"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_RUN = re.compile(r"[A-Za-z0-9+/=_]{16,}")


_PAIR_NAMES = ("auth", "userpass", "user_pass", "userpwd", "credentials", "login")
_PAIR = re.compile(r"[\w.@-]+:(?!\d+$)[^\s:/]{3,}")
"""A user and a password."""


def names_secret(name: str, value: str) -> bool:
    """Whether a value is a secret by its name."""
    value = value.strip()
    if name.lower().endswith(_PAIR_NAMES) and _PAIR.fullmatch(decoded(value) or value):
        return not _is_harmless(value.rpartition(":")[2])
    if name in {"PWD", "OLDPWD"} and value.startswith("/"):
        return False
    match suspicion(name):
        case Suspicion.HUMAN:
            return not _is_harmless(value)
        case Suspicion.LITERAL:
            return not (_is_harmless(value) or _NUMBER.fullmatch(value))
        case Suspicion.RANDOM:
            return is_random(value) and not _is_harmless(value)
        case _:
            return False


def decoded(value: str) -> str | None:
    """Return the text that is written in base64, or None where there is none."""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def is_random(value: str) -> bool:
    """Whether a value looks made by chance: a long run of letters and figures in no order. A UUID is none."""
    if len(value) < _SHORTEST_RANDOM or _UUID.fullmatch(value):
        return False
    return any(_is_mixed(run) for run in _RUN.findall(value))


def _is_mixed(run: str) -> bool:
    figures = sum(character.isdigit() for character in run)
    # A year in a name, or a version, is one stretch of figures; a random text has several.
    stretches = len(re.findall(r"\d+", run))
    turns = len(re.findall(r"[a-z][A-Z]|[A-Z][a-z]", run))
    return (stretches >= 3 and figures >= 3 and figures < len(run)) or (stretches >= 2 and turns >= 4) or turns >= 9


def _is_harmless(value: str) -> bool:
    return (
        value.lower() in _PLAIN_WORDS
        or any(pattern.fullmatch(value) is not None for pattern in _HARMLESS)
        or _OPEN_KEY.match(value) is not None
    )
