"""Write numbers as text; figures, captions and page all do it here."""

from __future__ import annotations

__all__ = ["estimate_text", "interval_text", "level_text", "listed", "number"]

DIGITS = 3
MINUS = "\N{MINUS SIGN}"


def number(value: float) -> str:
    """Return `value` with three decimals; a value that rounds to zero has no sign.

    >>> number(0.12345), number(-0.0002)
    ('0.123', '0.000')
    """
    text = f"{value:.{DIGITS}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", MINUS)


def interval_text(low: float, high: float) -> str:
    """Return an interval in brackets.

    >>> interval_text(0.1, 0.25)
    '[0.100, 0.250]'
    """
    return f"[{number(low)}, {number(high)}]"


def estimate_text(value: float, low: float | None, high: float | None) -> str:
    """Return a value, with its interval where it has one."""
    if low is None or high is None:
        return number(value)
    return f"{number(value)} {interval_text(low, high)}"


def level_text(level: float) -> str:
    """Return a coverage in percent.

    >>> level_text(0.95), level_text(0.999)
    ('95%', '99.9%')
    """
    return f"{100 * level:.6g}%"


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Join names with commas and a final "and".

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
