"""The errors that `grounding` raises on purpose.

A `UserError` says that the input is at fault: the command line prints its one sentence and
exits with status 2. Every class is also a builtin that a caller may already be catching.
"""

from __future__ import annotations

__all__ = [
    "AudioError",
    "GroundingError",
    "ManifestError",
    "StimulusMismatch",
    "UnknownName",
    "UserError",
    "WeightsError",
]


class GroundingError(Exception):
    """Base of everything that this package raises on purpose."""


class UserError(GroundingError, ValueError):
    """What the user gave cannot be used; the message says what, where and what to do."""


class ManifestError(UserError):
    """A manifest, or a file that it names, is not as documented."""


class AudioError(ManifestError):
    """A recording cannot be read, or is not what its manifest line says."""


class StimulusMismatch(UserError):
    """Two things that should be about the same stimuli in one order are not."""


class UnknownName(UserError, LookupError):
    """A name that no table holds."""


class WeightsError(UserError):
    """A model's weights are missing, altered or of a kind that is not loaded here."""
