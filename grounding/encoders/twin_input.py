"""What a twin is fed, as an encoder of one layer: what its trunk has to add to.

The twin's first layer is no such baseline: it is the input after a normalisation and a projection
that were trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from grounding.encoders.families.twin_front import Front, inputs, read_front
from grounding.encoders.protocol import Encoder, Modality, Sees, layer_places
from grounding.encoders.steps import Steps
from grounding.errors import UserError

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["TwinInput", "input_of"]


@dataclass(frozen=True, eq=False)
class TwinInput:
    """The front end of a twin; its steps are the twin's."""

    twin: Encoder
    front: Front
    layers: tuple[str, ...] = ("input",)

    @property
    def name(self) -> str:
        return f"input of {self.twin.name}"

    @property
    def modality(self) -> Modality:
        return self.twin.modality

    @property
    def sees(self) -> Sees:
        return self.twin.sees

    @property
    def revision(self) -> str:
        return str(self.provenance["front_sha256"])[:16]

    @property
    def provenance(self) -> Mapping[str, Any]:
        kept = ("family", "input", "even_steps", "front_sha256", "versions")
        return {name: self.twin.provenance[name] for name in kept}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step 160"]]:
        """Return what the trunk is fed of each stimulus; see `Encoder.encode`."""
        places = layer_places(self.layers, layers)
        return [inputs(stimulus, self.front)[None][places] for stimulus in stimuli]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return the steps of the twin."""
        return self.twin.steps(stimulus)


def input_of(twin: Encoder) -> TwinInput:
    """Return the input of a twin; raises `UserError` for an encoder that is none."""
    if twin.provenance.get("family") != "twin":
        raise UserError(
            f"{twin.name} is no twin, so what it is fed is not known here; give a folder that "
            "holds front.json, or the name of a twin"
        )
    return TwinInput(twin, read_front(twin.source.files))  # type: ignore[attr-defined]
