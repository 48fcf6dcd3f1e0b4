"""What a twin is trained on and how: everything that its weights depend on, in one record.

A file holds what all arms share under `[pair]` and, under `[arms.NAME]`, what each has of its own.
Nothing has a default here: a choice that moves a number is written down.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from grounding.encoders.families.twin_front import WIDTH
from grounding.errors import UserError
from grounding.tables import lookup

__all__ = ["ARMS", "OWN", "TwinConfig", "pair_digest", "read_arms"]

ARMS = Path(__file__).parent / "arms.toml"
"""The arms that are shipped, and those that take one difference between them away."""

Input = Literal["audio", "characters", "phonemes"]
Targets = Literal["units", "characters", "phonemes"]

OWN = ("input", "targets", "seed")
"""Fields in which the two sides of a pair may differ; all others must be equal."""


@dataclass(frozen=True, kw_only=True)
class TwinConfig:
    """One arm under one seed.

    input: what the trunk is fed. targets: what it has to tell of the masked steps.
    seed: of the first weights, the order of utterances, the masks and dropout. Arms with one seed
        have the same first trunk, and the same utterances and masks at every step.

    stimuli: a set's name or folder. languages: ISO 639-1; empty for all.
    hours: of speech, drawn by transcript; 0 for all.
    units: number of acoustic units. units_of: what is clustered, "mfcc", "mfcc-centred" (less
        the mean of the utterance) or the folder of an audio twin. units_layer: of that twin.

    layers, width, heads, feed_forward, kernel (steps of the depthwise convolution): the trunk.
    dropout: of what each part of a layer adds.

    span: steps of a masked stretch. density: stretches that begin, a step.
    updates: of the weights. batch: steps of input (20 ms each) in an update.
    rate: largest learning rate, after `warmup` (a share of updates); it falls to zero in a line.
    decay: of weights (AdamW). clip: largest norm of the gradient.
    precision: "bfloat16" runs products under torch's autocast.
    """

    input: Input
    targets: Targets
    seed: int
    stimuli: str
    languages: tuple[str, ...]
    hours: float
    units: int
    units_of: str
    units_layer: int
    layers: int
    width: int
    heads: int
    feed_forward: int
    kernel: int
    dropout: float
    span: int
    density: float
    updates: int
    batch: int
    rate: float
    warmup: float
    decay: float
    clip: float
    precision: Literal["bfloat16", "float32"]

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            lookup(name, getattr(self, name), dict.fromkeys(known, True))
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UserError(f"{name} is {value}; needed {low:g} to {high:g}")
        if self.width % (2 * self.heads):
            raise UserError(
                f"width {self.width} does not divide into {self.heads} heads of an even width"
            )

    @property
    def digest(self) -> str:
        """Sha256 of all fields."""
        return _digest(asdict(self))


CHOICES: dict[str, tuple[str, ...]] = {
    "input": get_args(Input),
    "targets": get_args(Targets),
    "precision": ("bfloat16", "float32"),
}

LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**31),
    "hours": (0, 1e6),
    "units": (2, 10_000),
    "units_layer": (0, 100),
    "layers": (1, 100),
    "width": (2, 10_000),
    "heads": (1, 100),
    "feed_forward": (1, 100_000),
    "kernel": (1, 1000),
    "dropout": (0, 0.9),
    "span": (1, 1000),
    "density": (0.001, 1),
    "updates": (1, 1e9),
    "batch": (64, 1e7),
    "rate": (1e-8, 1),
    "warmup": (0, 1),
    "decay": (0, 10),
    "clip": (1e-6, 1e6),
}


def read_arms(path: Path) -> dict[str, TwinConfig]:
    """Return the arms of a file, by name, each under seed 0 unless it says otherwise.

    Raises `UserError` for a file that is not TOML, an unknown or missing field, or a wrong type.
    """
    try:
        held = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read as TOML: {error}") from error
    unknown = sorted(set(held) - {"pair", "arms"})
    if unknown or not isinstance(held.get("arms"), dict) or not held["arms"]:
        raise UserError(
            f"{path} needs a table [pair] and one or more tables [arms.NAME]"
            + (f"; it has {', '.join(unknown)}" if unknown else "")
        )
    shared = {"seed": 0} | held.get("pair", {})
    return {name: _config(path, name, shared | own) for name, own in held["arms"].items()}


def pair_digest(config: TwinConfig) -> str:
    """Return the sha256 of what the two sides of a pair must have in common.

    >>> from dataclasses import replace
    >>> arms = read_arms(ARMS)
    >>> pair_digest(arms["audio"]) == pair_digest(arms["characters"])
    True
    >>> pair_digest(arms["audio"]) == pair_digest(replace(arms["characters"], width=64))
    False
    """
    return _digest({name: value for name, value in asdict(config).items() if name not in OWN})


def _config(path: Path, arm: str, held: dict[str, Any]) -> TwinConfig:
    where = f"{path}, arm {arm!r}"
    types = {field.name: field.type for field in fields(TwinConfig)}
    unknown, missing = sorted(set(held) - set(types)), sorted(set(types) - set(held))
    if unknown:
        raise UserError(f"{where}: unknown field {unknown[0]!r}. Known: {', '.join(types)}")
    if missing:
        raise UserError(f"{where}: the field {missing[0]!r} is missing; give it in [pair]")
    for name, value in held.items():
        wanted = KINDS.get(str(types[name]), str)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UserError(f"{where}: {name} is {value!r}; needed {types[name]}")
    languages = held["languages"]
    if not all(isinstance(code, str) for code in languages):
        raise UserError(f"{where}: languages is {languages!r}; needed ISO 639-1 codes")
    try:
        return TwinConfig(**held | {"languages": tuple(languages)})
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


KINDS: dict[str, Any] = {"int": int, "float": (int, float), "tuple[str, ...]": list}


def _digest(held: dict[str, Any]) -> str:
    told = {"front": WIDTH} | {
        name: float(value) if LIMITS.get(name) and isinstance(value, (int, float)) else value
        for name, value in held.items()
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
