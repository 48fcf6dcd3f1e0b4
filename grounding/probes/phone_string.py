"""The phone string in place of a model: what a transcript tells of every moment of a recording.

An encoder without weights. Each phone stands as a point at the middle of its time, and between
points lines are drawn; before the first and after the last nothing moves. Its two layers are the
articulatory features of phones (22, panphon's) and which phone it is (one feature a phone).

With timing, a phone's time is that of its segment. Without, the phones share out the recording
evenly: all that is known of time is how long the recording is.

A map from phones is the control for a map from sound: articulation follows from the message, and
from phones alone it is predicted with r = .81, from acoustics with .85 (Singh, Illa, Ghosh, ICASSP
2020; ten speakers, EMA). What an encoder adds to articulation is what it has above this.

Steps lie in the recording's time, 20 ms apart, so that it takes the place of a speech encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.activations import spans_of
from grounding.encoders.protocol import layer_places
from grounding.encoders.steps import Steps, even_steps
from grounding.errors import UserError
from grounding.probes.phonetic import signs
from grounding.stimuli import Stimulus

__all__ = ["PhoneString", "phone_string"]

HOP = 0.02
"""Seconds from one step to the next, as of most speech encoders."""


@dataclass(frozen=True, eq=False)
class PhoneString:
    """An encoder of phones, with or without their times.

    inventory: the phones that the layer "identity" has a feature for, in order.
    """

    timing: bool
    inventory: tuple[str, ...]
    modality: Literal["speech"] = "speech"
    sees: Literal["stimulus"] = "stimulus"
    layers: tuple[str, ...] = ("features", "identity")

    @property
    def name(self) -> str:
        return "phone-string-timed" if self.timing else "phone-string"

    @property
    def revision(self) -> str:
        return version("panphon")

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {
            "weights": "none",
            "timing": self.timing,
            "inventory": list(self.inventory),
            "versions": {"panphon": version("panphon")},
        }

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the layers of each stimulus; both are as wide as the wider, filled with zeros.

        Raises `UserError` for a stimulus without phones, or a phone that is not in the inventory.
        """
        places = layer_places(self.layers, layers)
        return [self._encode(stimulus)[places] for stimulus in stimuli]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return a step every 20 ms; the last may reach beyond the recording's end."""
        hop = round(HOP * stimulus.rate)
        count = -(-stimulus.header.samples // hop)
        return even_steps(count, hop=hop, field=hop, rate=stimulus.rate)

    def _encode(self, stimulus: Stimulus) -> Float[np.ndarray, "2 step feature"]:
        phones, middles = self._phones(stimulus)
        unknown = set(phones) - set(self.inventory)
        if unknown:
            raise UserError(
                f"stimulus {stimulus.id!r} has the phone {min(unknown)!r}, which is not among the "
                f"{len(self.inventory)} of {self.name}. Make it from all stimuli."
            )
        points = [signs(phone) for phone in phones]
        which = np.eye(len(self.inventory))[[self.inventory.index(phone) for phone in phones]]
        wide = max(len(points[0]), len(self.inventory))
        steps = self.steps(stimulus)
        times = steps.centre / stimulus.rate
        layers = np.zeros((2, len(steps), wide), dtype=np.float32)
        for layer, coded in enumerate((np.stack(points), which)):
            for at, feature in enumerate(coded.T):
                layers[layer, :, at] = np.interp(times, middles, feature)
        return layers

    def _phones(self, stimulus: Stimulus) -> tuple[Sequence[str], Float[np.ndarray, " phone"]]:
        """Return the phones of a stimulus and the middles of their times, in seconds."""
        if self.timing:
            spans = spans_of([stimulus], "phone")
            middles = np.array([(span.start + span.end) / 2 for span in spans])
            return [span.label for span in spans], middles
        if not stimulus.phones:
            raise UserError(
                f"stimulus {stimulus.id!r} has no phones, which {self.name} reads. Give it a list "
                "of IPA strings under 'phones' in the manifest."
            )
        count = len(stimulus.phones)
        return stimulus.phones, (np.arange(count) + 0.5) / count * stimulus.duration


def phone_string(stimuli: Sequence[Stimulus], *, timing: bool) -> PhoneString:
    """Return the encoder of the phones of `stimuli`.

    timing: whether it knows when each phone is said (attribute `segments`).

    Raises `UserError` where a stimulus has no segments, or without timing no phones.
    """
    if timing:
        phones = {span.label for span in spans_of(stimuli, "phone")}
    else:
        phones = {phone for stimulus in stimuli for phone in stimulus.phones or ()}
    if not phones:
        raise UserError(f"none of {len(stimuli)} stimuli has phones; needed the field 'phones'.")
    return PhoneString(timing, tuple(sorted(phones)))
