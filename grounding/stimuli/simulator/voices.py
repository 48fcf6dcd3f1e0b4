"""Realisations: several ways to say one word, with what was varied as numbers.

A recipe gives ranges, and each item draws its own values from them, so that two words of one
recipe differ too and a recipe's name does not explain everything. The draw depends on the item's
id alone: the same id gives the same values in any order, process or subset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import numpy as np

from grounding.stimuli.simulator.score import Style
from grounding.tables import lookup

__all__ = ["BASE", "CONTOURS", "RECIPES", "Realisation", "Recipe", "realise"]

# Semitones above the item's F0 at equal steps through the word.
CONTOURS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "fall": (2.5, 1.0, -1.5, -4.0),
        "rise-fall": (0.0, 3.0, 0.5, -4.0),
        "level": (0.5, 0.5, 0.0, -0.5),
        "rise": (0.0, -1.0, 1.0, 4.0),
    }
)


@dataclass(frozen=True)
class Recipe:
    """Ranges (low, high) of one kind of realisation; see `Style` for units.

    scale: factor on every length of the speaker. f0 in Hz. voices, contours: drawn at even odds.
    """

    scale: tuple[float, float]
    rate: tuple[float, float]
    overlap: tuple[float, float]
    slack: tuple[float, float]
    f0: tuple[float, float]
    voices: tuple[str, ...]
    contours: tuple[str, ...]


_CALM = ("fall", "fall", "rise-fall", "level")
_ALL = ("fall", "rise-fall", "level", "rise")
_MIXED = ("modal", "modal", "modal", "pressed", "breathy")

RECIPES: dict[str, Recipe] = {
    "plain": Recipe(
        (0.97, 1.03), (0.92, 1.08), (0.3, 0.7), (0.9, 1.1), (100, 125),
        ("modal",), _CALM,
    ),
    "reduced": Recipe(
        (0.84, 1.13), (1.2, 1.45), (0.7, 1.0), (1.3, 1.7), (95, 200),
        _MIXED, _ALL,
    ),
    "short-tract": Recipe(
        (0.84, 0.92), (0.85, 1.1), (0.1, 0.8), (0.9, 1.3), (165, 215),
        _MIXED, _ALL,
    ),
    "slow": Recipe(
        (0.97, 1.03), (0.68, 0.8), (0.0, 0.3), (0.8, 1.0), (95, 120),
        ("modal", "pressed"), _CALM,
    ),
    "long-tract": Recipe(
        (1.07, 1.13), (0.85, 1.1), (0.1, 0.8), (0.9, 1.3), (80, 100),
        _MIXED, _ALL,
    ),
    "breathy": Recipe(
        (0.97, 1.03), (0.85, 1.1), (0.3, 0.7), (0.9, 1.1), (100, 130),
        ("breathy",), _ALL,
    ),
    "pressed": Recipe(
        (0.97, 1.03), (0.9, 1.15), (0.3, 0.7), (0.9, 1.1), (110, 150),
        ("pressed",), _ALL,
    ),
    "short-reduced": Recipe(
        (0.84, 0.92), (1.15, 1.35), (0.6, 1.0), (1.2, 1.6), (170, 230),
        _MIXED, _ALL,
    ),
}  # fmt: skip
BASE = ("plain", "reduced", "short-tract")  # every word has these; deep words have all


@dataclass(frozen=True)
class Realisation:
    """One drawn way to say a word: a style, the factor on the speaker's lengths, its names.

    anatomy: short (scale below 0.94), medium or long (above 1.05).
    """

    recipe: str
    contour: str
    anatomy: str
    scale: float
    style: Style

    def record(self) -> dict[str, Any]:
        """Return what was varied, for the manifest: {"name": ..., and numbers}."""
        return {
            "name": self.recipe,
            "anatomy_scale": self.scale,
            "rate": self.style.rate,
            "overlap": self.style.overlap,
            "slack": self.style.slack,
            "f0": self.style.f0,
            "contour": self.contour,
            "voice": self.style.voice,
            "pressure": self.style.pressure,
        }


def realise(recipe: str, item: str) -> Realisation:
    """Return the realisation that item id `item` draws from `RECIPES[recipe]`."""
    ranges = lookup("realisation", recipe, RECIPES)
    rng = np.random.default_rng(list(sha256(item.encode()).digest()))

    def draw(low_high: tuple[float, float], digits: int) -> float:
        return round(float(rng.uniform(*low_high)), digits)

    scale, rate = draw(ranges.scale, 3), draw(ranges.rate, 3)
    overlap, slack = draw(ranges.overlap, 3), draw(ranges.slack, 3)
    f0 = draw(ranges.f0, 1)
    voice = ranges.voices[int(rng.integers(len(ranges.voices)))]
    contour = ranges.contours[int(rng.integers(len(ranges.contours)))]
    span = draw((0.7, 1.2), 3)
    pressure = round(draw((7400, 8600), 0), 0)
    style = Style(
        rate=rate,
        overlap=overlap,
        slack=slack,
        f0=f0,
        contour=tuple(round(span * step, 4) for step in CONTOURS[contour]),
        voice=voice,
        pressure=pressure,
    )
    anatomy = "short" if scale < 0.94 else "long" if scale > 1.05 else "medium"
    return Realisation(recipe, contour, anatomy, scale, style)
