"""Read lists written with commas."""

from __future__ import annotations

__all__ = ["split"]


def split(text: str) -> list[str]:
    """Return the parts of a list written with commas.

    >>> split("whisper-base, toy,")
    ['whisper-base', 'toy']
    """
    return [part.strip() for part in text.split(",") if part.strip()]
