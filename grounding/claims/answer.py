"""What an assay found, for every model that was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.claims.rule import Estimate, estimate

__all__ = ["Answer", "Asked", "Contrast", "Twin"]


@dataclass(frozen=True)
class Twin:
    """What makes a model one side of a matched pair; from its provenance, never from its name.

    input: what it is fed: "audio", "characters" or "phonemes".
    seed: that it was trained from; None where its folder does not say.
    pair: digest of everything that both sides of a pair have in common; "" where its folder does
        not say.
    """

    input: str
    seed: int | None
    pair: str


@dataclass(frozen=True)
class Asked:
    """One column of an answer.

    key: unique in the answer, such as "whisper-tiny.en (random-0)".
    role: "model"; "control" for an encoder whose answer is known (noise, oracle); "reference"
    for an RDM that is no model (the transcript ceiling, the phone string); "seed" for one seed of
    a twin, where one column stands for all of them (see `grounding.claims.twins`).
    twin: of a twin, trained or with the random weights that its seed began from.
    """

    key: str
    name: str
    modality: str
    weights: str
    role: str
    family: str = ""
    parameters: int = 0
    window: str = ""
    pooling: str = ""
    layers: tuple[str, ...] = ()
    twin: Twin | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data; `from_json` reads it back. What is no twin says nothing of twins."""
        plain = dict(vars(self))
        twin = plain.pop("twin")
        return plain if twin is None else {**plain, "twin": vars(twin)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Asked:
        """Read what `to_json` wrote."""
        twin = plain.get("twin")
        found = {**plain, "layers": tuple(plain["layers"]), "twin": twin and Twin(**twin)}
        return cls(**found)


@dataclass(frozen=True)
class Contrast:
    """A difference of means over models, with its paired bootstrap samples."""

    value: float
    samples: Float[np.ndarray, " sample"]

    def estimate(self, name: str, level: float) -> Estimate:
        """Name it and give its interval."""
        return estimate(name, self.value, self.samples, level)

    def __sub__(self, other: Contrast) -> Contrast:
        return Contrast(self.value - other.value, self.samples - other.samples)

    def __truediv__(self, other: Contrast) -> Contrast:
        return Contrast(self.value / other.value, self.samples / other.samples)


@dataclass(frozen=True)
class Answer:
    """The held-out agreement of every model with one space, and its resamples.

    missing: why the assay could not be run on these stimuli; empty where it was.
    value: held-out agreement of each column.
    samples: its bootstrap; one draw of stimuli serves all columns.
    chosen: for each column, the layer that each fold was scored with.
    curves: for each column, the agreement of every layer on all stimuli (no selection).
    bands: for some columns, low and high of every layer.
    p: for some columns, the permutation p value of the best layer (maximum inside the null).
    """

    assay: str
    missing: str
    n_stimuli: int = 0
    n_groups: int = 0
    asked: tuple[Asked, ...] = ()
    value: Float[np.ndarray, " model"] = field(default_factory=lambda: np.zeros(0))
    samples: Float[np.ndarray, "sample model"] = field(default_factory=lambda: np.zeros((0, 0)))
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    bands: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    p: Mapping[str, float] = field(default_factory=dict)

    def keys(
        self, *, role: str = "model", modality: str = "", name: str = "", weights: str = ""
    ) -> tuple[str, ...]:
        """Return the columns that fit; `weights` is "trained", "random" or empty for both."""
        return tuple(
            item.key
            for item in self.asked
            if item.role == role
            and modality in ("", item.modality)
            and name in ("", item.name)
            and item.weights.startswith(weights)
        )

    def models(self, modality: str, weights: str) -> tuple[str, ...]:
        """Return the models that a mean over speech encoders or over text models is of.

        Twins are not among them, unless there are no others: they are trained to differ in one
        thing and not to be good, there are several seeds of each, and the rules that rest on such
        means are older than they are. What they say is in C7.
        """
        items = [i for i in self.asked if (i.role, i.modality) == ("model", modality)]
        others = {item.key for item in items if item.twin is None}
        keys = self.keys(modality=modality, weights=weights)
        return tuple(key for key in keys if key in others) if others else keys

    def mean(self, keys: Sequence[str]) -> Contrast:
        """Average columns, sample by sample."""
        if not keys:
            raise ValueError(f"assay {self.assay!r}: a mean over no models")
        places = [item.key for item in self.asked]
        columns = [places.index(key) for key in keys]
        return Contrast(float(self.value[columns].mean()), self.samples[:, columns].mean(1))

    def to_json(self) -> dict[str, Any]:
        """Return plain data; `from_json` reads it back."""
        return {
            **{name: getattr(self, name) for name in ("assay", "missing", "n_stimuli", "n_groups")},
            "asked": [item.to_json() for item in self.asked],
            "value": self.value.tolist(),
            # JSON has no NaN: a resample that leaves an agreement undefined is null.
            "samples": [[None if x != x else x for x in row] for row in self.samples.tolist()],
            **{name: dict(getattr(self, name)) for name in ("chosen", "curves", "bands", "p")},
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Answer:
        """Read what `to_json` wrote."""
        asked = tuple(Asked.from_json(item) for item in plain["asked"])
        return cls(
            assay=plain["assay"],
            missing=plain["missing"],
            n_stimuli=plain["n_stimuli"],
            n_groups=plain["n_groups"],
            asked=asked,
            value=np.array(plain["value"], dtype=float),
            samples=np.array(plain["samples"], dtype=float).reshape(
                len(plain["samples"]), len(asked)
            ),
            chosen={key: tuple(layers) for key, layers in plain["chosen"].items()},
            curves={key: tuple(curve) for key, curve in plain["curves"].items()},
            bands={key: tuple(map(tuple, band)) for key, band in plain["bands"].items()},
            p=dict(plain["p"]),
        )
