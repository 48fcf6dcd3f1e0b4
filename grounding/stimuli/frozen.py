"""Values that JSON can hold, as values that cannot change, and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["freeze", "thaw"]


def freeze(value: Any) -> Any:
    """Return `value` with its dicts read-only and its lists as tuples, at every depth.

    >>> freeze({"families": ["bit", "bat"]})["families"]
    ('bit', 'bat')
    """
    if isinstance(value, Mapping):
        return MappingProxyType({key: freeze(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """Undo `freeze`: dicts and lists that `json` can write.

    >>> thaw(freeze({"families": ["bit", "bat"]}))
    {'families': ['bit', 'bat']}
    """
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    return value
