"""Encoders whose answer is known before anything is measured: controls on the whole path.

The oracle *is* the vocal tract, so it must reach the ceiling. Noise knows nothing, so it must
reach nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.protocol import layer_names, layer_places
from grounding.encoders.steps import Steps, even_steps
from grounding.errors import UserError

if TYPE_CHECKING:
    from grounding.encoders.request import Request
    from grounding.stimuli import Stimulus

__all__ = ["Noise", "Oracle", "noise", "oracle"]

STREAM = "flesh"
STEPS, WIDTH, DEPTH = 8, 64, 2


@dataclass(frozen=True, eq=False)
class Oracle:
    """The flesh points of the tract that spoke, in mm at 100 Hz: the `articulation` space's own."""

    name: str = "oracle"
    modality: Literal["speech"] = "speech"
    sees: Literal["stimulus"] = "stimulus"
    revision: str = "1"
    layers: tuple[str, ...] = (STREAM,)

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"weights": "none", "stream": STREAM}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step channel"]]:
        """Return one layer: the flesh points, a step a frame of the articulation."""
        places = layer_places(self.layers, layers)
        return [self._flesh(stimulus)[None][places] for stimulus in stimuli]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return a step a frame; frame k lies at k over the articulation's rate, in seconds."""
        count = len(self._flesh(stimulus))
        hop = stimulus.rate / stimulus.articulation.rate
        if hop.is_integer():
            first = -(int(hop) // 2)
            return even_steps(
                count, hop=int(hop), field=int(hop), rate=stimulus.rate, first=first, centre=0.0
            )
        borders = np.round((np.arange(count + 1) - 0.5) * hop).astype(np.int64)
        return Steps(borders[:-1], borders[1:], "sample", stimulus.rate)

    def _flesh(self, stimulus: Stimulus) -> Float[np.ndarray, "step channel"]:
        streams = stimulus.articulation.streams
        if STREAM not in streams:
            raise UserError(
                f"stimulus {stimulus.id!r} has no stream {STREAM!r} in its articulation, "
                f"which {self.name} needs. It has: {', '.join(sorted(streams))}."
            )
        return np.asarray(streams[STREAM].values, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Noise:
    """Independent Gaussian features for each stimulus' id; they depend on nothing but the seed."""

    seed: int = 0
    name: str = "noise"
    modality: Literal["speech"] = "speech"
    sees: Literal["stimulus"] = "stimulus"
    layers: tuple[str, ...] = layer_names(DEPTH)

    @property
    def revision(self) -> str:
        return f"random-{self.seed}"

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"weights": "none", "seed": self.seed}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer 8 64"]]:
        """Return up to three layers of eight steps and 64 features."""
        places = layer_places(self.layers, layers)
        return [self._draw(stimulus.id)[places] for stimulus in stimuli]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return eight equal parts of the recording, of which the features know nothing."""
        borders = np.arange(STEPS + 1) * stimulus.header.samples // STEPS
        return Steps(borders[:-1], borders[1:], "sample", stimulus.rate)

    def _draw(self, name: str) -> Float[np.ndarray, "3 8 64"]:
        digest = hashlib.sha256(f"{self.seed} {name}".encode()).digest()
        rng = np.random.default_rng(list(digest))
        return rng.standard_normal((DEPTH + 1, STEPS, WIDTH), dtype=np.float32)


def oracle(request: Request) -> Oracle:
    """Return the oracle; there is only one."""
    request.refuse("window", "start", "context", "dtype", "script")
    return Oracle()


def noise(request: Request) -> Noise:
    """Return the noise of the seed that was asked for; 0 if none was."""
    request.refuse("window", "start", "context", "dtype", "script")
    return Noise(request.seed or 0)
