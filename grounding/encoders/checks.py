"""What every encoder promises, each promise with the function that measures whether it holds.

Differences are relative to the largest value of the layer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grounding.encoders.controls import has_random_weights
from grounding.encoders.loading import load_request
from grounding.encoders.locating import lag
from grounding.encoders.subject import DIFFERENT, WITHIN, Measured, Subject, apart
from grounding.encoders.unknown import unknown_rate
from grounding.errors import UserError
from grounding.stimuli import Stimulus

__all__ = ["CHECKS", "Check"]

COVERED = 0.8
"""Of a recording: how much of it the steps stand for, at least."""


@dataclass(frozen=True)
class Check:
    """A promise; `run` measures it and gives whether it holds (None: does not apply), and what."""

    name: str
    needed: str
    run: Callable[[Subject], Measured]


def _layers(subject: Subject) -> Measured:
    names = subject.encoder.layers
    for stimulus, array in zip(subject.stimuli, subject.alone, strict=True):
        if array.ndim != 3 or array.dtype != np.float32 or not np.isfinite(array).all():
            return False, f"{array.dtype} of shape {array.shape} for {stimulus.id!r}, or not finite"
        if len(array) != len(names):
            return False, f"{len(array)} layers; {len(names)} names"
    return 0 < len(set(names)) == len(names), f"{len(names)} layers, {array.shape[2]} features"


def _steps(subject: Subject) -> Measured:
    least = 1.0
    for stimulus, array in zip(subject.stimuli, subject.alone, strict=True):
        steps = subject.encoder.steps(stimulus)
        if len(steps) != array.shape[1]:
            return False, f"{array.shape[1]} steps of {stimulus.id!r}; {len(steps)} are told of"
        if steps.unit == "sample":
            length = stimulus.header.samples
            covered = float(steps.weights(0, length).sum()) / length
            if (np.diff(steps.centre) <= 0).any():
                return False, f"centres that do not rise, of {stimulus.id!r}"
        else:
            text = _read_of(subject, stimulus)
            length = len(text)
            heard = [
                ((steps.start <= place) & (place < steps.end)).any() for place in range(length)
            ]
            covered = float(np.mean([heard[k] for k in range(length) if not text[k].isspace()]))
        least = min(least, covered)
        if (steps.start >= length).any() or (steps.end <= 0).any():
            return False, f"a step outside of {stimulus.id!r}"
    return least >= COVERED, f"{100 * least:.0f}% of each covered, or more"


def _read_of(subject: Subject, stimulus: Stimulus) -> Sequence[str]:
    """Return the letters, or the phones where they are what is read."""
    reads_phones = subject.encoder.sees == "stimulus" and stimulus.phones is not None
    return stimulus.phones or () if reads_phones else stimulus.transcript


def _company(subject: Subject) -> Measured:
    encode, stimuli = subject.encoder.encode, subject.stimuli
    half = len(stimuli) // 2
    halves = encode(stimuli[:half]) + encode(stimuli[half:])
    bare = subject.unpadded
    found = max(apart(bare, made) for made in (subject.alone, encode(stimuli), halves))
    return found <= WITHIN, f"{found:.1e}"


def _order(subject: Subject) -> Measured:
    found = apart(subject.alone, subject.encoder.encode(subject.stimuli[::-1])[::-1])
    return found <= WITHIN, f"{found:.1e}"


def _threads(subject: Subject) -> Measured:
    _ = subject.alone
    if "torch" not in sys.modules or "torch" not in subject.encoder.provenance.get("versions", ()):
        return None, "runs without torch"
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1 if before > 1 else 2)
    try:
        other = subject.encoder.encode(subject.stimuli)
    finally:
        torch.set_num_threads(before)
    found = apart(subject.alone, other)
    return found <= WITHIN, f"{found:.1e}"


def _chosen(subject: Subject) -> Measured:
    names = subject.encoder.layers
    places = [len(names) - 1, 0] if len(names) > 1 else [0]
    some = subject.encoder.encode(subject.stimuli, [names[place] for place in places])
    found = apart([array[places] for array in subject.alone], some)
    return found <= WITHIN, f"{found:.1e}"


def _random(subject: Subject) -> Measured:
    if not has_random_weights(subject.request.name):
        return None, "has no weights"

    def first(seed: int) -> list[np.ndarray]:
        request = replace(subject.request, weights="random", seed=seed)
        return load_request(request).encode(subject.stimuli[:1])

    zero, again, one = first(0), first(0), first(1)
    same, seeds = apart(zero, again), apart(zero, one)
    trained = apart(subject.alone[:1], zero)
    asked_for = subject.request.weights == "trained"
    passed = same == 0.0 and seeds > DIFFERENT and (trained > DIFFERENT or not asked_for)
    return passed, f"{trained:.1e} from its own, {seeds:.1e} between seeds, {same:.1e} in one"


def _silence(subject: Subject) -> Measured:
    if subject.encoder.sees != "audio":
        return None, "hears nothing"
    return _refuses(subject, subject.probes.record("silence", np.zeros(subject.probes.rate)))


def _short(subject: Subject) -> Measured:
    if subject.encoder.sees != "audio":
        return None, "hears nothing"
    return _refuses(subject, subject.probes.record("short", np.linspace(-0.1, 0.1, 16)))


def _refuses(subject: Subject, stimulus: Stimulus) -> Measured:
    try:
        subject.encoder.encode([stimulus])
    except UserError as error:
        return stimulus.id in str(error), f"refused: {str(error).split('. ')[0]}"
    return False, "was taken"


def _unknown(subject: Subject) -> Measured:
    rates = unknown_rate(subject.encoder, subject.stimuli)
    if not rates:
        return None, "knows any text" if subject.encoder.modality == "text" else "reads no text"
    return True, ", ".join(f"{100 * rate:.1f}% ({name})" for name, rate in rates.items())


CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check("layers", "an array a name, float32, finite", _layers),
        Check("steps", f"as many as are told, covering {100 * COVERED:.0f}%", _steps),
        Check("lag", "a burst (or another word) moves the steps that read it", lag),
        Check("company", f"alone and unpadded, or together: {WITHIN:g} or less", _company),
        Check("order", f"in any order: {WITHIN:g} or less", _order),
        Check("threads", f"on any number: {WITHIN:g} or less", _threads),
        Check("chosen layers", f"those of all: {WITHIN:g} or less", _chosen),
        Check("random weights", f"0 in one seed, else over {DIFFERENT:g}", _random),
        Check("silence", "refused, by name", _silence),
        Check("too short", "refused, by name", _short),
        Check("unknown tokens", "any share; it is told", _unknown),
    )
}
