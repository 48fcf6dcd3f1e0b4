"""What says how a twin is fed: `front.json`, beside the weights in its folder.

Some of it is the same for every twin: it is stated there and checked on reading. The rest is a
`Front`: the input, and of it what was taken from the training set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError, WeightsError
from grounding.files import write_whole

__all__ = [
    "BANDS",
    "FRONT",
    "RATE",
    "STEPS_PER_SECOND",
    "TRAINING",
    "WIDTH",
    "Front",
    "Input",
    "read_front",
    "read_training",
    "write_front",
]

Input = Literal["audio", "characters", "phonemes"]

FRONT = "front.json"
TRAINING = "training.json"
SCHEMA = 1
RATE = 16_000
"""Hz."""
STEPS_PER_SECOND = 50
WIDTH = 160
"""Numbers a step."""
BANDS = 80

FIXED: Mapping[str, int] = {
    "schema": SCHEMA,
    "rate": RATE,
    "steps_per_second": STEPS_PER_SECOND,
    "width": WIDTH,
}
"""What `front.json` states and what is the same for every twin."""
OF_INPUT: Mapping[str, tuple[str, ...]] = {
    "audio": ("mean", "scale"),
    "characters": ("symbols", "steps_per_symbol"),
    "phonemes": ("symbols", "steps_per_symbol"),
}
"""The fields that an input has; of the others it has none."""
FIELDS = ("input", "mean", "scale", "symbols", "steps_per_symbol")


@dataclass(frozen=True, eq=False)
class Front:
    """A front end.

    mean, scale: of each band's log power over the training set, for audio; else None.
    symbols: the alphabet, each symbol in its own place of `WIDTH`; None for audio.
    steps_per_symbol: the training set's ratio; None for audio.
    """

    input: Input
    mean: Float[np.ndarray, " 80"] | None = None
    scale: Float[np.ndarray, " 80"] | None = None
    symbols: tuple[str, ...] | None = None
    steps_per_symbol: float | None = None

    def __post_init__(self) -> None:
        if fault := _fault(self):
            raise UserError(fault)


def read_front(folder: str | Path) -> Front:
    """Return the front end of the twin in `folder`; raises `WeightsError` for a wrong file."""
    path = Path(folder) / FRONT
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as JSON ({error}).") from error
    named = {*FIXED, *FIELDS}
    if not isinstance(record, dict) or set(record) != named:
        found = set(record) if isinstance(record, dict) else set()
        odd = f"lacks {sorted(named - found)}, and {sorted(found - named)} mean nothing there"
        raise WeightsError(f"{path} {odd}. Needed: {', '.join(sorted(named))}.")
    for name, needed in FIXED.items():
        if record[name] != needed:
            raise WeightsError(f"{path}: {name} is {needed} in every twin; found {record[name]!r}.")
    try:
        return Front(
            record["input"],
            _numbers(record["mean"]),
            _numbers(record["scale"]),
            None if record["symbols"] is None else tuple(record["symbols"]),
            record["steps_per_symbol"],
        )
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{path}: {error}") from error


def read_training(folder: str | Path) -> dict[str, Any]:
    """Return what tells which twins are a pair: `pair`, the digest of all that both sides have in
    common, and `trained_seed`; nothing for a folder without `training.json`.

    Raises `WeightsError` for a file that is no JSON object.
    """
    path = Path(folder) / TRAINING
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise WeightsError(f"{path} cannot be read as JSON ({error}).") from error
    if not isinstance(record, dict):
        raise WeightsError(f"{path} holds {type(record).__name__}, not an object.")
    return {"pair": record.get("pair"), "trained_seed": record.get("seed")}


def write_front(folder: str | Path, front: Front) -> None:
    """Write the front end into a twin's folder, whole or not at all."""
    record: dict[str, Any] = {**FIXED} | {name: getattr(front, name) for name in FIELDS}
    for name in ("mean", "scale"):
        if record[name] is not None:
            record[name] = np.asarray(record[name], dtype=np.float64).tolist()
    text = json.dumps(record, ensure_ascii=False, indent=1)
    write_whole(Path(folder) / FRONT, (text + "\n").encode())


def _numbers(values: Any) -> Float[np.ndarray, " value"] | None:
    return None if values is None else np.array(values, dtype=np.float64)


def _fault(front: Front) -> str | None:
    """Return what is wrong with a front end, or None."""
    if front.input not in OF_INPUT:
        return f"the input is one of {', '.join(OF_INPUT)}; found {front.input!r}."
    own = OF_INPUT[front.input]
    for name in FIELDS[1:]:
        if (getattr(front, name) is None) == (name in own):
            return f"a twin fed {front.input} has {' and '.join(own)} and nothing else; see {name}."
    if front.mean is not None and front.scale is not None:
        return _fault_of_bands(front.mean, front.scale)
    symbols, ratio = front.symbols or (), front.steps_per_symbol
    if not all(isinstance(symbol, str) and symbol for symbol in symbols):
        return "each of the symbols is a text of one character or more."
    twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
    if twice or not 0 < len(symbols) <= WIDTH:
        return (
            f"there are 1 to {WIDTH} symbols, each once; found {len(symbols)}, twice: "
            f"{', '.join(twice) or 'none'}."
        )
    if not isinstance(ratio, int | float) or not 0 < ratio < np.inf:
        return f"steps_per_symbol is a number above 0; found {ratio!r}."
    return None


def _fault_of_bands(mean: np.ndarray, scale: np.ndarray) -> str | None:
    for name, values in (("mean", mean), ("scale", scale)):
        if values.shape != (BANDS,) or not np.isfinite(values).all():
            return f"{name} is {BANDS} finite numbers; found {values.shape}."
    if not (scale > 0).all():
        return f"each scale is above 0; found {scale.min():g} in band {int(scale.argmin())}."
    return None
