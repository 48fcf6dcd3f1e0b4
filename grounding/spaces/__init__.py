"""Spaces: reference geometries of a stimulus set, physical, relational and control.

`space(name, stimuli).rdm()` is the distances of all pairs; `spaces(stimuli)` says which there are.
No space here is made with a model.
"""

from __future__ import annotations

from grounding.spaces.table import KINDS, SPACES, Space, SpaceKind, space, spaces, why_missing

__all__ = ["KINDS", "SPACES", "Space", "SpaceKind", "space", "spaces", "why_missing"]
