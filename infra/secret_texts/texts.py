"""Secrets in a text: a value, a line of a command, the content of a file."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from operator import itemgetter
from pathlib import PurePosixPath

from infra.secret_texts.forms import forms_in
from infra.secret_texts.names import Suspicion, suspicion
from infra.secret_texts.values import decoded, is_random, names_secret

MOST_FINDINGS = 20
"""In one text. The rest is found when these are gone."""
REDACTED = "***"
"""Stands where a secret was."""
_MOST_PLACES = 200
"""Looked at in one text, which may repeat one secret without end."""
_LONGEST_NAME = 100

_NAME = rf"[A-Za-z_][\w.\-]{{0,{_LONGEST_NAME - 1}}}"
_QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"
_HINTS = ("pass", "pw", "secret", "token", "cred", "key", "auth", "salt", "pepper", "seed", "cookie", "hmac", "bearer")
"""One of them is in every name that names.py knows; most lines have none, and need no closer look."""
_AT_START = re.compile(
    rf"[ \t]*(?:(?:export|set|setenv|env|ENV|SetEnv|ARG|-|const|let|var)[ \t]+)*[\"']?\$?({_NAME})[\"']?[ \t]*"
    rf"(?::=|=>|==?|:)[ \t]*(.*)"
)
_INLINE = (
    re.compile(rf"(?<![\w.\-])-{{0,2}}({_NAME})=(?!=)({_QUOTED}|[^\s\"'&;,<>)}}\]`]+)"),
    re.compile(rf"[\"']({_NAME})[\"'][ \t]*(?::|=>?)[ \t]*({_QUOTED}|\d+)"),
    re.compile(rf"(?<![\w.\-])({_NAME})[ \t]*(?::=|[:=])[ \t]*({_QUOTED})"),
    re.compile(rf"(?<![\w.\-])--?({_NAME})[ \t]+({_QUOTED}|[^\s\"'&;<>|-][^\s\"'&;<>|]*)"),
    re.compile(rf"[{{,][ \t]*({_NAME}):[ \t]+([^\s\"'\[{{,}}]+)"),
    re.compile(rf"<({_NAME})>([^<\n]{{1,300}})</"),
)
_NAME_AND_VALUE = (
    re.compile(rf"(?:key|name)=\"({_NAME})\"\s+value=(\"[^\"\n]*\")"),
    re.compile(rf"<name>({_NAME})</name>\s*<value>([^<]*)</value>"),
    re.compile(
        rf"[\"']?\bname[\"']?[ \t]*:[ \t]*[\"']?({_NAME})[\"']?[ \t]*(?:,\s*|\s+)"
        rf"[\"']?value[\"']?[ \t]*:[ \t]*({_QUOTED}|\S+)"
    ),
)
"""A name and its value in two places: .NET, Hadoop, and the variables of a Kubernetes manifest."""
_TWO_WORDS = re.compile(rf"[ \t]*((?:set|env|ENV|SetEnv)[ \t]+)?\$?({_NAME})[ \t]+({_QUOTED}|[^\s;]+)[ \t]*;?[ \t]*")
_DIRECTIVE_FILES = {"conf", "cfg", "cnf", "ini"}
_DIRECTIVES = {"requirepass", "masterauth", "sentinel.auth-pass"}
_USER_OPTIONS = {"-u", "--user", "--proxy-user"}
"""Of curl and others, which take a user and a password in one word."""
_HEADER = re.compile(r"(?i)\b(basic|bearer)[ \t]+([A-Za-z0-9+/._~=-]{8,})")
_NETRC = re.compile(r"(?i)\b(?:machine|default)\b[^\n]{0,100}?(?:\n[^\n]{0,100}?){0,3}?\bpassword[ \t]+(\S+)")
_PGPASS = re.compile(r"(?m)^[^\s:#][^\s:]*:(?:\d+|\*):[^\s:]+:[^\s:]+:(\S+)$")
_HTPASSWD = re.compile(r"(?m)^[^\s:#]+:(\S{8,})$")
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}={0,2}")
_Place = tuple[str, str, int, int]
"""What it looks like, its name inside the text if it has one, and where it starts and ends."""
_CODE = {
    "c", "cc", "cpp", "cs", "cue", "ex", "gradle", "go", "groovy", "h", "hcl", "java", "js", "jsonnet", "jsx", "kt",
    "lua", "mjs", "php", "pl", "py", "rb", "rego", "rs", "scala", "sql", "swift", "tf", "tpl", "ts", "tsx", "vcl",
    "vue",
}  # fmt: skip
_PROSE = {"adoc", "css", "html", "htm", "md", "rst", "svg"}
_PEM_NAMES = {"crt", "pem", "pub", "cert", "cer"}


@dataclass(frozen=True)
class Secret:
    """Something that looks like a secret. No part of the value is in it."""

    what: str
    """What it looks like, for a message: `a GitHub token`, `a password`."""
    line: int = 1
    name: str = ""
    """The name under which it stands in the text, or else what it looks like: others there have another."""
    is_named: bool = False


def in_setting(name: str, value: str) -> list[Secret]:
    """Find secrets in a value with a name, such as an environment variable."""
    if names_secret(name, value):
        return [Secret(_called(name))]
    return in_text(value)


def in_arguments(words: Sequence[str]) -> dict[int, list[Secret]]:
    """Find secrets in the words of a command, by position. The value of `--password x` is a word of its own."""
    found = {index: in_text(word) for index, word in enumerate(words)}
    for index, (option, value) in enumerate(pairwise(words), 1):
        name = re.fullmatch(rf"--?({_NAME})", option)
        if option in _USER_OPTIONS and names_secret("auth", value):
            found[index] = [Secret("a password")]
        if name and not value.startswith("-") and names_secret(name[1], value):
            found[index] = [Secret(_called(name[1]))]
    ends = list(accumulate(len(word) + 1 for word in words))
    for what, _, end in forms_in(" ".join(words)):
        # Such as `mysqladmin`, `ping`, `-pPASSWORD`, which means something only together.
        found[bisect_left(ends, end)] = found.get(bisect_left(ends, end)) or [Secret(f"{_article(what)} {what}")]
    return {index: secrets for index, secrets in found.items() if secrets}


def in_file(path: str, content: str) -> list[Secret]:
    """Find secrets in a file, by what is in it and, where it holds one word, by what it is called."""
    name = PurePosixPath(path).name
    stem = re.sub(r"^\d+-", "", name).split(".")
    words = content.split()
    if len(words) == 1 and stem[-1] not in _PEM_NAMES and names_secret(next(filter(None, stem), ""), words[0]):
        return [Secret(_called(name), name=_slug(_called(name)))]
    return in_text(content, path=name)


def in_text(text: str, *, path: str = "") -> list[Secret]:
    """Find secrets in any text. `path` is the name of the file that it is, if it is one."""
    found: dict[tuple[str, str], Secret] = {}
    taken: list[tuple[int, int]] = []
    for what, name, start, end in islice(_all(text, path), _MOST_PLACES):
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        line = text.count("\n", 0, start) + 1
        is_named = bool(name) and not is_random(name)
        secret = Secret(what, line, name if is_named else _slug(what), is_named)
        found.setdefault((what, secret.name), secret)
        if len(found) >= MOST_FINDINGS:
            break
    return list(found.values())


def without_secrets(text: str) -> str:
    """Blot out what has the form of a secret, in a text that somebody is shown."""
    for _, start, end in sorted(forms_in(text), key=itemgetter(1), reverse=True):
        text = f"{text[:start]}{REDACTED}{text[end:]}"
    return text


def _all(text: str, path: str) -> Iterator[_Place]:
    yield from ((f"{_article(what)} {what}", "", start, end) for what, start, end in forms_in(text))
    yield from _headers(text)
    yield from _of_known_files(text, path)
    yield from _encoded(text)
    yield from _assignments(text, _suffix(path, text))


def _suffix(path: str, text: str) -> str:
    """Return the suffix that says how a file is read.

    One that has none is a script, or one such as README or Makefile, or else a file of settings.
    """
    _, dot, suffix = path.rpartition(".")
    if dot or not path or path[0].isupper() or text.startswith("#!"):
        return suffix if dot else ""
    return "conf"


def _headers(text: str) -> Iterator[_Place]:
    for match in _HEADER.finditer(text):
        kind, credentials = match.groups()
        if is_random(credentials) if kind.lower() == "bearer" else ":" in (decoded(credentials) or ""):
            yield "an authorization header", "", *match.span()


def _of_known_files(text: str, path: str) -> Iterator[_Place]:
    small = text.lower()
    for pattern, fits in (
        (_NETRC, "machine" in small or path in {".netrc", "_netrc", "netrc"}),
        (_PGPASS, "pgpass" in path),
        (_HTPASSWD, "htpasswd" in path),
    ):
        for match in pattern.finditer(text) if fits else ():
            if names_secret("password", match[1]):
                yield "a password", "", *match.span(1)


def _encoded(text: str) -> Iterator[_Place]:
    for match in _ENCODED.finditer(text):
        inner = decoded(match[0])
        if inner is None:
            continue
        what = next((what for what, *_ in forms_in(inner)), "")
        if what:
            yield f"{_article(what)} {what} in base64", "", *match.span()
        elif any(_assignments(inner, "")):
            yield "a secret in base64", "", *match.span()


def _assignments(text: str, suffix: str) -> Iterator[_Place]:
    start = 0
    for line in text.splitlines(keepends=True):
        if _is_hinted(line):
            yield from _in_line(line.rstrip("\r\n"), text, start, suffix)
        start += len(line)
    for pattern in _NAME_AND_VALUE if _is_hinted(text) else ():
        for match in pattern.finditer(text):
            if names_secret(match[1], _unquoted(match[2])):
                yield _called(match[1]), match[1], *match.span(2)


def _is_hinted(text: str) -> bool:
    small = text.lower()
    return any(hint in small for hint in _HINTS)


def _in_line(line: str, text: str, start: int, suffix: str) -> Iterator[_Place]:
    at_start = _AT_START.match(line)
    if at_start and _is_assigned(at_start[1], _value(at_start[2], text, start + len(line)), suffix):
        yield _called(at_start[1]), at_start[1], start + at_start.start(1), start + len(line)
        return
    for pattern in _INLINE:
        for match in pattern.finditer(line):
            if _is_assigned(match[1], match[2], suffix):
                yield _called(match[1]), match[1], start + match.start(1), start + match.end(2)
    directive = _TWO_WORDS.fullmatch(line)
    if directive and _is_directive(directive, suffix):
        yield _called(directive[2]), directive[2], start, start + len(line)


def _value(rest: str, text: str, end: int) -> str:
    """Return what is assigned in a line; after the sign of a YAML block it is the next line."""
    if re.fullmatch(r"[|>][-+]?\d?[ \t]*", rest):
        return next((line.strip() for line in text[end : end + 2000].splitlines() if line.strip()), "")
    if not rest.strip():
        folded = re.match(r"\n?[ \t]+([^\s:#-][^:\n]*)(?:\n|\Z)", text[end : end + 500])
        return folded[1] if folded else ""
    quoted = re.match(_QUOTED, rest)
    if quoted:
        return quoted[0]
    return re.sub(r"[ \t](?:#|//|;).*|[,;][ \t]*$", "", rest).strip()


def _is_assigned(name: str, value: str, suffix: str) -> bool:
    if value[:1] in {'"', "'"} and value[-1:] == value[:1]:
        return names_secret(name, _unquoted(value))
    if value[:1] == "[" and value[-1:] == "]":
        items = [_unquoted(item.strip()) for item in value[1:-1].split(",")]
        is_human = suspicion(name) is Suspicion.HUMAN
        return any(names_secret(name, item) and (is_human or is_random(item)) for item in items)
    if value[:1] in {"{", "[", "(", "&", "*", "!", "|", ">"} or re.match(r"[\w.]+\(|\w+\[|`|\$[({](?!.*[)}]$)", value):
        return False
    if suffix in _CODE or suffix in _PROSE:
        return suspicion(name) is not Suspicion.NONE and is_random(value)
    if len(value.split()) > 1:
        # A sentence about a password; a passphrase is several words by nature.
        is_phrase = name.lower().endswith("passphrase")
        return (is_phrase and names_secret(name, value)) or any(
            names_secret(name, word) and is_random(word) for word in value.split()
        )
    return names_secret(name, value)


def _is_directive(match: re.Match[str], suffix: str) -> bool:
    assigns, name, value = match[1], match[2], _unquoted(match[3])
    if name.lower() in _DIRECTIVES:
        return names_secret("password", value)
    if not names_secret(name, value):
        return False
    # Elsewhere two words are a sentence: "token expired".
    in_directives = (
        suffix in _DIRECTIVE_FILES and name not in {"pass", "proxy_pass"} and suspicion(name) is Suspicion.HUMAN
    )
    return bool(assigns) or in_directives or is_random(value)


def _unquoted(value: str) -> str:
    return value[1:-1] if value[:1] in {'"', "'"} and value[-1:] == value[:1] and len(value) > 1 else value


def _called(name: str) -> str:
    small = name.lower()
    for sign, what in (("pass", "a password"), ("pwd", "a password"), ("token", "a token"), ("key", "a key")):
        if sign in small:
            return what
    return "a secret"


def _article(what: str) -> str:
    return "an" if what[0] in "aeiouAEIOU" and not what.startswith("1") else "a"


def _slug(what: str) -> str:
    return re.sub(r"^an? ", "", what).replace(" ", "-").lower()
