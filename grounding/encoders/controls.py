"""Controls of an encoder: the same question put to what must not be able to answer it.

Each has a name or a revision of its own, and a provenance, so that a store never takes one for the
model. Random weights and acoustic baselines are encoders like any other (`load_encoder`); shuffled
layers wrap one. `permuted-stimuli` is listed here and is no encoder: what a stimulus would get
depends on which others are in the set, and a store would hand it to another set as if it did not.
It is made of extracted activations, by `grounding.activations.permuting.permuted_stimuli`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from grounding.encoders.loading import load_request
from grounding.encoders.protocol import Encoder, Modality, Sees, layer_places
from grounding.encoders.request import Request
from grounding.encoders.steps import Steps
from grounding.encoders.table import ENCODERS
from grounding.errors import UserError
from grounding.tables import lookup

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = [
    "CONTROLS",
    "Control",
    "ShuffledLayers",
    "Wish",
    "control_wishes",
    "controls",
    "derangement",
    "has_random_weights",
]

ACOUSTIC = ("log-mel", "mfcc")

Wish = Request | Encoder
"""What gives an encoder elsewhere too: a request for one, or one that pickles."""


@dataclass(frozen=True)
class Control:
    """A kind of control.

    make: from the model's request and a seed to the controls; None where it is no encoder.
    seeded: whether a seed draws another one.
    """

    name: str
    description: str
    make: Callable[[Request, int], Sequence[Wish]] | None
    seeded: bool = True


def _random(request: Request, seed: int) -> tuple[Wish, ...]:
    return (replace(request, weights="random", seed=seed),)


def _shuffled(request: Request, seed: int) -> tuple[Wish, ...]:
    return (shuffled_layers(request, seed),)


def _acoustic(request: Request, seed: int) -> tuple[Wish, ...]:
    return tuple(Request(name) for name in ACOUSTIC)


CONTROLS: Mapping[str, Control] = {
    control.name: control
    for control in (
        Control(
            "random",
            "the same architecture with fresh weights, by the model's own initialisation: what "
            "training gave is gone, what the architecture and the input give is left",
            _random,
        ),
        Control(
            "shuffled-layers",
            "each layer has the activations of another one: a best layer found by chance in the "
            "model is found here as often",
            _shuffled,
        ),
        Control(
            "permuted-stimuli",
            "each stimulus has the activations of another one: agreement must be that of chance",
            None,
        ),
        Control(
            "acoustics",
            f"{' and '.join(ACOUSTIC)}: what spectra alone give",
            _acoustic,
            seeded=False,
        ),
    )
}


def controls(
    model: str | Request, kinds: Sequence[str], seeds: Sequence[int] = (0,)
) -> list[Encoder]:
    """Return the controls of a model: of each kind one a seed, of a kind without seeds its own.

    model: a name that `load_encoder` takes, or a request for trained weights.
    kinds: names in `CONTROLS`.

    Raises `UserError` for "permuted-stimuli", which is no encoder, for a model without weights or
    with one layer where a kind needs more, and what `load_encoder` raises.

    >>> [control.name for control in controls("toy", ["random", "shuffled-layers", "acoustics"])]
    ['toy', 'toy, layers shuffled', 'log-mel', 'mfcc']
    """
    wishes = control_wishes(model, kinds, seeds)
    return [load_request(wish) if isinstance(wish, Request) else wish for wish in wishes]


def control_wishes(
    model: str | Request, kinds: Sequence[str], seeds: Sequence[int] = (0,)
) -> list[Wish]:
    """Return the wishes that give `controls`, in this process or in another."""
    request = Request(model) if isinstance(model, str) else model
    if request.weights != "trained":
        raise UserError(
            f"controls are those of trained weights; {request.name!r} was asked for with "
            f"{request.weights} ones."
        )
    wishes: list[Wish] = []
    for name in kinds:
        kind = lookup("control", name, CONTROLS)
        if kind.make is None:
            raise UserError(
                f"{name!r} is no encoder and nothing of it is extracted: give the model's own "
                "activations to grounding.activations.permuting.permuted_stimuli. A permutation "
                "test (grounding rsa) does it a thousand times."
            )
        for seed in seeds if kind.seeded else (0,):
            wishes += kind.make(request, seed)
    return wishes


def has_random_weights(name: str) -> bool:
    """Whether a model of this name can be had with random weights.

    >>> has_random_weights("toy"), has_random_weights("mfcc")
    (True, False)
    """
    return name not in ENCODERS or ENCODERS[name].random


@dataclass(frozen=True, eq=False)
class ShuffledLayers:
    """An encoder whose layers' names are dealt out anew; no layer keeps its own.

    request: for the encoder that it wraps. seed: decides which layer gets which activations.
    """

    request: Request
    seed: int

    def __reduce__(self) -> tuple[Callable[..., ShuffledLayers], tuple[Request, int]]:
        return shuffled_layers, (self.request, self.seed)

    @cached_property
    def _inner(self) -> Encoder:
        return load_request(self.request)

    @cached_property
    def order(self) -> Int[np.ndarray, " layer"]:
        """For each layer, whose activations it has."""
        return derangement(len(self.layers), self.seed, f"layers of {self._inner.name}")

    @property
    def name(self) -> str:
        return f"{self._inner.name}, layers shuffled"

    @property
    def modality(self) -> Modality:
        return self._inner.modality

    @property
    def sees(self) -> Sees:
        return self._inner.sees

    @property
    def revision(self) -> str:
        return f"{self._inner.revision}-shuffled-{self.seed}"

    @property
    def layers(self) -> tuple[str, ...]:
        return self._inner.layers

    @property
    def provenance(self) -> Mapping[str, Any]:
        own = {"control": "shuffled-layers", "control_seed": self.seed}
        order = {"order": self.order.tolist(), "of": self._inner.name}
        return {**self._inner.provenance, **own, **order}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of each stimulus under other layers' names."""
        places = layer_places(self.layers, layers)
        return self._inner.encode(stimuli, [self.layers[self.order[place]] for place in places])

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return the steps of the encoder that it wraps."""
        return self._inner.steps(stimulus)


@lru_cache(maxsize=8)
def shuffled_layers(request: Request, seed: int) -> ShuffledLayers:
    """Return an encoder with its layers shuffled; the same one in a process, with its weights."""
    shuffled = ShuffledLayers(request, seed)
    _ = shuffled.order  # so that what is wrong shows now
    return shuffled


def derangement(count: int, seed: int, what: str) -> Int[np.ndarray, " place"]:
    """Return a random permutation that moves everything, all such being equally likely.

    what: is permuted, for the message.

    Raises `UserError` for fewer than two.

    >>> derangement(2, seed=7, what="layers").tolist()
    [1, 0]
    """
    if count < 2:
        raise UserError(f"there are {count} {what}; needed two or more to exchange them.")
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    while (order == np.arange(count)).any():
        order = rng.permutation(count)
    return order
