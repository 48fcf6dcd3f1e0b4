"""Check that a step reads what it says that it reads: sound or a word there moves it, and it only.

Sounds: a burst of noise in several places. Asked where the front end ends (a family's plan says
where), before steps mix; of an encoder without a plan, at its first layer. What looks at the whole
recording (normalisation) moves every step a little, so the step that moves most is asked for.
Texts: another word between two, at the first layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.encoders.subject import DIFFERENT, Measured, Subject
from grounding.errors import UserError
from grounding.stimuli import Stimulus

__all__ = ["lag"]

MOST_LAG = 0.6
"""Of a step: how far off bursts may be in the mean. A trained front end may favour one side of what
it reads; times that are wrong by a step are off by one.
"""


def lag(subject: Subject) -> Measured:
    """Measure how far the step that moves most lies from what moved it."""
    if subject.encoder.sees == "audio":
        return _burst(subject)
    return _word(subject) if subject.encoder.sees == "transcript" else (None, "reads neither")


def _burst(subject: Subject) -> Measured:
    even, loud, places, length = subject.probes.bursts()
    steps = subject.encoder.steps(even)
    base = _before_mixing(subject, even)
    lags = []
    for place, stimulus in zip(places, loud, strict=True):
        change = np.linalg.norm(_before_mixing(subject, stimulus) - base, axis=1)
        most = int(change[: len(steps)].argmax())
        lags.append((steps.centre[most] - place - length / 2) * 1000 / subject.probes.rate)
        if not steps.start[most] < place + length or not place < steps.end[most]:
            field = f"{steps.start[most]} to {steps.end[most]}"
            return False, f"a burst at sample {place} moves most the step from {field}"
    hop = 1000 * (steps.hop or np.diff(steps.centre).mean()) / subject.probes.rate
    found = f"off by {np.mean(lags):+.1f} ms in the mean, {np.abs(lags).max():.1f} ms at most"
    return bool(abs(np.mean(lags)) < MOST_LAG * hop), f"{found}; a step each {hop:.4g} ms"


def _before_mixing(subject: Subject, stimulus: Stimulus) -> Float[np.ndarray, "step feature"]:
    """Return what leaves the front end, or the first layer where nothing says what that is."""
    encoder: Any = subject.encoder
    seen: list[Any] = []
    plan = getattr(encoder, "plan", None)
    if plan is not None:
        module, axis = plan.front(encoder._model)
        hook = module.register_forward_hook(lambda module, inputs, out: seen.append(out))
    try:
        (first,) = encoder.encode([stimulus], encoder.layers[:1])
    finally:
        if plan is not None:
            hook.remove()
    made = seen[0][0] if seen and isinstance(seen[0], tuple) else (seen or [None])[0]
    if not hasattr(made, "transpose"):
        return np.asarray(first[0])
    states = made.transpose(1, 2) if axis == -1 else made
    return np.asarray(states[0].float().numpy())


def _word(subject: Subject) -> Measured:
    for first, second, (low, high) in subject.probes.swaps():
        try:
            one, other = subject.encoder.encode([first, second], subject.encoder.layers[:1])
        except UserError:
            continue  # a word that it does not know
        if one.shape != other.shape:
            continue
        steps = subject.encoder.steps(first)
        moved = np.abs(one[0] - other[0]).max(axis=1) > DIFFERENT * np.abs(one).max()
        read = (steps.start < high) & (steps.end > low)
        wrong = int((moved & ~read).sum()) + int(not moved[read].any())
        return wrong == 0, f"{int(moved.sum())} of {len(steps)} steps move, {wrong} wrongly"
    return None, "no two words of as many tokens"
