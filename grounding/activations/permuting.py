"""The control of permuted stimuli: activations whose pairing with the stimuli is broken."""

from __future__ import annotations

from dataclasses import replace

from grounding.activations.record import Activations
from grounding.encoders.controls import derangement

__all__ = ["permuted_stimuli"]


def permuted_stimuli(acts: Activations, seed: int) -> Activations:
    """Return activations in which each stimulus has those of another one.

    Single stimuli change places, so that realisations of one word are parted too: agreement of
    any RDM with a reference is then that of chance, whose mean over seeds is about zero and whose
    spread is that of a permutation test. The encoder's name and the provenance say what was done,
    and nothing of it is in a store: it depends on which stimuli are in the set.

    Raises `UserError` for fewer than two stimuli.
    """
    order = derangement(len(acts.ids), seed, f"stimuli run through {acts.encoder}")
    own = {"control": "permuted-stimuli", "control_seed": seed}
    return replace(
        acts,
        values=acts.values[:, order],
        encoder=f"{acts.encoder}, stimuli permuted",
        provenance={**acts.provenance, **own},
    )
