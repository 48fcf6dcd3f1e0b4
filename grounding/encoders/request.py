"""What a caller asked for when loading an encoder, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grounding.errors import UserError

__all__ = ["Request"]

WHO_HAS = {
    "window": "Whisper has one.",
    "revision": "Models on the hub have.",
    "start": "Text models that transformers loads have.",
    "context": "Text models that transformers loads have.",
    "dtype": "Models that transformers loads have.",
    "script": "Text models that transformers loads have.",
}


@dataclass(frozen=True)
class Request:
    """A wish for an encoder; see `load_encoder` for the meaning of each field."""

    name: str
    weights: Literal["trained", "random"] = "trained"
    seed: int | None = None
    window: float | None = None
    revision: str | None = None
    start: str | None = None
    batch: int | None = None
    dtype: Literal["float32", "bfloat16"] | None = None
    trust_remote_code: bool = False
    context: str | None = None
    script: Literal["spelling", "phones"] | None = None

    def __post_init__(self) -> None:
        if self.weights not in ("trained", "random"):
            raise UserError(f"weights are 'trained' or 'random'; found {self.weights!r}.")
        if self.weights == "random" and self.seed is None:
            raise UserError(
                f"random weights of {self.name!r} need a seed, as in seed=0: it decides them."
            )
        if self.seed is not None and (not isinstance(self.seed, int) or self.seed < 0):
            raise UserError(f"a seed is a whole number from 0; found {self.seed!r}.")
        if self.batch is not None and self.batch < 1:
            raise UserError(f"a batch holds one stimulus or more; found {self.batch!r}.")
        if self.dtype not in (None, "float32", "bfloat16"):
            raise UserError(f"the dtype is 'float32' or 'bfloat16'; found {self.dtype!r}.")
        if self.script not in (None, "spelling", "phones"):
            raise UserError(f"the script is 'spelling' or 'phones'; found {self.script!r}.")

    def refuse(self, *fields: str) -> None:
        """Raise `UserError` for a field that was set and means nothing to this encoder."""
        for field in fields:
            value = getattr(self, field)
            if value is not None:
                raise UserError(f"{self.name!r} has no {field}; found {value!r}. {WHO_HAS[field]}")

    def refuse_seed_of_trained(self) -> None:
        """Raise `UserError` if trained weights were given a seed."""
        if self.weights == "trained" and self.seed is not None:
            raise UserError(
                f"seed {self.seed} does nothing to the trained weights of {self.name!r}. "
                "Ask for weights='random' to use it."
            )
