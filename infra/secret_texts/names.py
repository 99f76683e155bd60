"""Names whose values are secrets: `DB_PASSWORD`, `apiKey`, `spring.datasource.password`, `PGPASSWORD`.

Source: the words are those that two published rules look for, the keyword rule of github.com/Yelp/detect-secrets
(detect_secrets/plugins/keyword.py, commit 5e141933554a0b74e7341841f318be21e895339c, Apache-2.0) and `generic-api-key`
of gitleaks (see forms.py), and more of their kind; the rules by which a name is read are our own.
"""

from __future__ import annotations

import re
from enum import Enum


class Suspicion(Enum):
    """What a name says about its value."""

    NONE = 0
    RANDOM = 1
    """A secret, where the value looks made by chance."""
    LITERAL = 2
    """A secret, where the value is not evidently something else."""
    HUMAN = 3
    """A password, for which people take words and numbers too."""


_PASSWORDS = {
    "password", "passwords", "passwd", "passphrase", "passcode", "pass", "pwd", "pw", "pswd", "pword", "requirepass",
}  # fmt: skip
_SECRETS = {
    "secret", "secrets", "token", "tokens", "credential", "credentials", "creds", "apikey", "apikeys", "mnemonic",
}  # fmt: skip
_SECRET_ENDS = ("secret", "token", "apikey", "secretkey", "accesskey", "privatekey", "signingkey", "authkey", "creds")
_PASSWORD_ENDS = ("password", "passwd", "passphrase", "passwort", "kennwort", "contrasena")
_SHORT_PASSWORD = re.compile(
    r"(?:db|my|pg|sql|mysql|postgres|smtp|mail|ftp|user|admin|root|redis|require|ldap|http|proxy|auth|key|store)"
    r"(?:pass|pwd)"
)
_SECRET_KEYS = {
    "api", "secret", "access", "private", "signing", "signature", "encryption", "encrypt", "decryption", "master",
    "auth", "authentication", "authorization", "account", "priv", "hmac", "jwt", "fernet", "shared", "license",
    "licence", "crypto", "cipher", "aes", "unseal",
}  # fmt: skip
"""`<word> key` is a secret."""
_OPEN_KEYS = {
    "public", "publishable", "site", "anon", "cache", "partition", "sort", "primary", "foreign", "routing", "object",
    "idempotency", "hash", "host", "known", "lookup", "map", "row", "group", "shard", "index", "message", "i18n",
    "translation",
}  # fmt: skip
"""`<word> key` is none."""
_PERHAPS = {"key", "keys", "pat", "auth", "salt", "pepper", "seed", "cookie", "hmac", "bearer", "authorization"}
"""Words that stand for a secret as well as for something else."""
_QUALIFIERS = {
    "value", "text", "string", "plain", "plaintext", "raw", "base", "base64", "b", "hex", "default", "old", "new",
    "current", "previous", "next", "primary", "secondary", "backup", "dev", "development", "test", "testing", "qa",
    "staging", "stage", "prod", "production", "live", "local", "v",
}  # fmt: skip
"""Words behind a name that leave its meaning as it is: `PASSWORD_PROD`, `SECRET_KEY_BASE`, `API_KEY_2`."""
_ABOUT = {
    "age", "algorithm", "alg", "arn", "attempts", "audience", "bits", "bytes", "cache", "class", "client", "cooldown",
    "count", "dir", "directory", "duration", "enabled", "encoding", "endpoint", "error", "expiration", "expires",
    "expiry", "field", "file", "files", "filename", "folder", "format", "grace", "header", "hint", "hours", "id",
    "ids", "interval", "issuer", "kind", "label", "length", "len", "limit", "location", "manager", "max", "message",
    "method", "min", "minutes", "mode", "name", "names", "namespace", "param", "parameter", "path", "paths",
    "pattern", "period", "policy", "port", "prefix", "provider", "ref", "reference", "regex", "region", "required",
    "retries", "rotation", "rounds", "rule", "rules", "scheme", "scope", "scopes", "seconds", "service", "size",
    "source", "store", "strategy", "strength", "suffix", "timeout", "ttl", "type", "types", "uri", "url", "urls",
    "usage", "user", "username", "validity", "version", "window",
}  # fmt: skip
"""Words at the end of a name that speak about a secret: `TOKEN_TTL`, `PASSWORD_MIN_LENGTH`, `SECRET_NAME`."""
_SWITCHES = {
    "allow", "allowed", "check", "count", "disable", "enable", "forbid", "force", "has", "is", "max", "min", "need",
    "no", "num", "number", "require", "required", "reset", "show", "skip", "use", "uses", "validate", "verify",
    "with",
}  # fmt: skip
"""Words at the start of a name by which its value is a switch or a number: `MAX_TOKENS`, `REQUIRE_PASSWORD`."""
_OPEN_NAMES = {"tokens"}
"""What a language model counts."""

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def suspicion(name: str) -> Suspicion:
    """Read what the name of a variable, a key or an option says about its value."""
    words = [word.lower() for word in _PART.findall(name)]
    while len(words) > 1 and (words[-1] in _QUALIFIERS or words[-1].isdigit()):
        words.pop()
    if not words or "".join(words) in _OPEN_NAMES:
        return Suspicion.NONE
    return _of_last(words) or _of_any(words)


def _of_last(words: list[str]) -> Suspicion | None:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if _is_password(last):
        # A filter lets frequencies pass, a compiler reads a program in passes, and nginx passes requests on.
        return Suspicion.RANDOM if last in {"pass", "pw"} and before in _PASSES else Suspicion.HUMAN
    if last in {"key", "keys"}:
        if before in _SECRET_KEYS:
            return Suspicion.LITERAL
        return Suspicion.NONE if before in _OPEN_KEYS else Suspicion.RANDOM
    if last in _SECRETS or last.endswith(_SECRET_ENDS):
        return Suspicion.RANDOM if words[0] in _SWITCHES and len(words) > 1 else Suspicion.LITERAL
    return None


_PASSES = {
    "high", "low", "band", "all", "first", "second", "two", "single", "multi", "one", "render", "by", "boarding",
    "fastcgi", "uwsgi", "scgi", "grpc", "memcached",
}  # fmt: skip


def _is_password(word: str) -> bool:
    return word in _PASSWORDS or word.endswith(_PASSWORD_ENDS) or _SHORT_PASSWORD.fullmatch(word) is not None


def _of_any(words: list[str]) -> Suspicion:
    if words[-1] in _ABOUT:
        return Suspicion.NONE
    perhaps = words[-1] in _PERHAPS or any(_is_password(word) or word in _SECRETS for word in words)
    return Suspicion.RANDOM if perhaps or words[-1].endswith("auth") else Suspicion.NONE
