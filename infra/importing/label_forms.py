"""Which keys and values of labels a stack file takes, by the types of its settings."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from infra.settings.app.metadata import OwnKey
from infra.settings.app.placement import LabelValue, NodeLabel

_OWN_KEY, _NODE_LABEL, _VALUE = TypeAdapter[str](OwnKey), TypeAdapter[str](NodeLabel), TypeAdapter[str](LabelValue)


def is_own_key(text: str) -> bool:
    """Whether an app may have a label or an annotation of this key."""
    return fits(_OWN_KEY, text)


def is_node_label(text: str) -> bool:
    """Whether a node may have a label of this key."""
    return fits(_NODE_LABEL, text)


def is_label_value(text: str) -> bool:
    """Whether a label may have this value."""
    return fits(_VALUE, text)


def fits(form: TypeAdapter[str], text: str) -> bool:
    """Whether a text is of the type of a setting."""
    try:
        form.validate_python(text)
    except ValidationError:
        return False
    return True
