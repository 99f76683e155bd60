"""GitHub's expressions, as far as the workflows use them, by the rules of its documentation ("Evaluate expressions").

Names and strings are compared without regard to case, a name that is missing is null, and `&&` and `||` give one of
their operands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>&&|\|\||==|!=|[!().,*\[\]]))"
)
LITERALS = {"true": True, "false": False, "null": None}


class UnknownExpressionError(Exception):
    """The workflows use something that is not understood here; teach it to this module."""


def evaluate(text: str, contexts: Mapping[str, Any]) -> Any:
    """Give the value of an expression without its braces."""
    parser = _Parser(list(_tokens(text)), contexts)
    value = parser.disjunction()
    if parser.left():
        raise UnknownExpressionError(f"{text!r}: not understood from {parser.left()}")
    return value


def fill(value: Any, contexts: Mapping[str, Any]) -> Any:
    """Replace the expressions in a value of a workflow; alone in a string, one keeps its type."""
    if isinstance(value, Mapping):
        return {key: fill(part, contexts) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, contexts) for part in value]
    if not isinstance(value, str):
        return value
    alone = EXPRESSION.fullmatch(value.strip())
    if alone:
        return evaluate(alone[1], contexts)
    return EXPRESSION.sub(lambda found: as_text(evaluate(found[1], contexts)), value)


def holds(condition: str | None, contexts: Mapping[str, Any]) -> bool:
    """Whether an `if:` lets its job or step run."""
    if condition is None:
        return True
    alone = EXPRESSION.fullmatch(condition.strip())
    return truth(evaluate(alone[1] if alone else condition, contexts))


def truth(value: Any) -> bool:
    return value not in (None, False, 0, "")


def as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value)
        case _:
            return str(value)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while text[position:].strip():
        found = TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise UnknownExpressionError(f"{text!r}: not understood from {text[position:]!r}")
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


class _Parser:
    def __init__(self, tokens: Sequence[tuple[str, str]], contexts: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._contexts = contexts
        self._position = 0

    def left(self) -> Sequence[tuple[str, str]]:
        return self._tokens[self._position :]

    def disjunction(self) -> Any:
        value = self._conjunction()
        while self._takes("||"):
            other = self._conjunction()
            value = value if truth(value) else other
        return value

    def _conjunction(self) -> Any:
        value = self._comparison()
        while self._takes("&&"):
            other = self._comparison()
            value = other if truth(value) else value
        return value

    def _comparison(self) -> Any:
        value = self._negation()
        if self._takes("=="):
            return _equal(value, self._negation())
        if self._takes("!="):
            return not _equal(value, self._negation())
        return value

    def _negation(self) -> Any:
        if self._takes("!"):
            return not truth(self._negation())
        return self._operand()

    def _operand(self) -> Any:
        if self._takes("("):
            value = self.disjunction()
            self._must(")")
            return value
        kind, text = self._next()
        match kind:
            case "string":
                return text[1:-1].replace("''", "'")
            case "number":
                return int(text)
            case "name" if self._takes("("):
                return _call(text, self._arguments())
            case "name":
                return LITERALS[text] if text in LITERALS else self._parts(_of(self._contexts, text))
            case _:
                raise UnknownExpressionError(f"{text!r} where a value belongs")

    def _arguments(self) -> list[Any]:
        arguments = [self.disjunction()]
        while self._takes(","):
            arguments.append(self.disjunction())
        self._must(")")
        return arguments

    def _parts(self, value: Any) -> Any:
        while True:
            if self._takes("."):
                if self._takes("*"):
                    self._must(".")
                    name = self._next()[1]
                    value = [_of(item, name) for item in value or []]
                    continue
                value = _of(value, self._next()[1])
            elif self._takes("["):
                value = _of(value, as_text(self.disjunction()))
                self._must("]")
            else:
                return value

    def _takes(self, sign: str) -> bool:
        if self._position < len(self._tokens) and self._tokens[self._position] == ("sign", sign):
            self._position += 1
            return True
        return False

    def _must(self, sign: str) -> None:
        if not self._takes(sign):
            raise UnknownExpressionError(f"{sign} is missing before {self.left()}")

    def _next(self) -> tuple[str, str]:
        if not self.left():
            raise UnknownExpressionError("a value is missing at the end")
        self._position += 1
        return self._tokens[self._position - 1]


def _of(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    return next((part for key, part in value.items() if key.lower() == name.lower()), None)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if type(one) is type(other) or None in (one, other):
        return one == other
    raise UnknownExpressionError(f"{one!r} compared with {other!r}: of two kinds")


def _call(name: str, arguments: Sequence[Any]) -> Any:
    match name.lower(), arguments:
        case "contains", [list() as items, wanted]:
            return any(_equal(item, wanted) for item in items)
        case "startswith", [text, beginning]:
            return as_text(text).lower().startswith(as_text(beginning).lower())
        case "format", [template, *values]:
            return str(template).format(*map(as_text, values))
        case "fromjson", [text]:
            return json.loads(text)
        case "hashfiles", patterns:
            return "-".join(patterns)
        case _:
            raise UnknownExpressionError(f"{name} with {len(arguments)} arguments")
