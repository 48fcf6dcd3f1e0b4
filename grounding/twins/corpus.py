"""The utterances that a twin is trained on: what each arm is fed, and what it must tell, by step.

All arms of one set have the same utterances in the same order with the same numbers of steps: a
step is 20 ms of the recording, whatever the input. Filter banks and clusters are computed once and
kept in the cache, in a folder named by all that they depend on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.encoders.families.twin_front import (
    WIDTH,
    Front,
    Input,
    count_steps,
    one_hot,
    standardised,
    stretched,
    symbols_of,
)
from grounding.errors import UserError
from grounding.progress import Report
from grounding.stimuli import Stimulus, StimulusSet
from grounding.twins.apart import refuse_scored
from grounding.twins.config import TwinConfig
from grounding.twins.kept import Sound, sound_of
from grounding.twins.units import units_of

__all__ = ["Corpus", "build_corpus", "chosen", "held_out"]

RARE = 3
"""A symbol that occurs less often in training than this has no place in the alphabet."""

ONE_IN = 20
"""So many transcripts of which one is held out."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """What one arm reads and must tell.

    ids: of the utterances. starts: first step of each, and one past the last of all.
    front: of this arm. filled: filter banks (audio) or places in the alphabet (symbols), by step.
    targets: by step; -1 where a symbol is outside the alphabet, which is never asked for.
    classes: how many targets there are. held_out: the utterances that are not trained on.
    centres: of the acoustic units, where they are the targets.
    """

    ids: tuple[str, ...]
    starts: Int[np.ndarray, " utterance+1"]
    front: Front
    filled: np.ndarray
    targets: Int[np.ndarray, " step"]
    classes: int
    held_out: Bool[np.ndarray, " utterance"]
    centres: Float[np.ndarray, "unit feature"] | None
    digest: str

    @property
    def lengths(self) -> Int[np.ndarray, " utterance"]:
        """Steps of each utterance."""
        return np.diff(self.starts)

    @property
    def hours(self) -> float:
        """Hours of speech that are trained on."""
        return float(self.lengths[~self.held_out].sum()) * 0.02 / 3600

    def inputs(self, start: int, stop: int) -> Float[np.ndarray, "step {WIDTH}"]:
        """Return what the trunk is fed at these steps."""
        part = self.filled[start:stop]
        return standardised(part, self.front) if self.front.input == "audio" else one_hot(part)


def build_corpus(config: TwinConfig, stimuli: StimulusSet, report: Report) -> Corpus:
    """Return the corpus of an arm.

    Raises `UserError` where nothing is left to train on or to hold out.
    """
    used = chosen(stimuli, config)
    refuse_scored(used)
    place = {id: at for at, id in enumerate(stimuli.ids)}
    sound = sound_of(stimuli, report).select(np.array([place[id] for id in used.ids], dtype=int))
    outside = np.array([held_out(stimulus.transcript) for stimulus in used])
    if outside.all() or not outside.any():
        raise UserError(
            f"{stimuli.name}: {len(used)} utterances with {int(outside.sum())} held out; needed "
            "some of both. Give more utterances."
        )
    trained = np.repeat(~outside, np.diff(sound.starts))
    front, filled = _side(config.input, used, sound, trained)
    centres = None
    if config.targets == "units":
        targets, centres = units_of(config, used, sound, trained, report)
        classes = len(centres)
    else:
        other, targets = _side(config.targets, used, sound, trained)
        classes = len(other.symbols or ())
    told = hashlib.sha256()
    for part in (used.digest.encode(), filled, targets, outside):
        told.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else part)
    return Corpus(
        ids=tuple(used.ids),
        starts=sound.starts,
        front=front,
        filled=filled,
        targets=targets,
        classes=classes,
        held_out=outside,
        centres=centres,
        digest=told.hexdigest(),
    )


def chosen(stimuli: StimulusSet, config: TwinConfig) -> StimulusSet:
    """Return the utterances that an arm uses: of its languages, and as many hours as it may.

    A dose is drawn by transcript in an order that does not depend on the dose, so that a small
    dose is part of every larger one. The transcripts that are held out are in every dose.
    """
    codes = set(config.languages)
    known = {stimulus.language for stimulus in stimuli}
    if codes - known:
        raise UserError(
            f"{stimuli.name} has no {', '.join(sorted(codes - known))}; it has "
            f"{', '.join(sorted(map(str, known)))}"
        )
    kept = stimuli.where(lambda one: one.language in codes) if codes else stimuli
    if not config.hours:
        return kept
    budget, dose = config.hours * 3600.0, set()
    for stimulus in sorted(kept, key=lambda one: (_draw(one.transcript), one.id)):
        if held_out(stimulus.transcript):
            dose.add(stimulus.id)
        elif budget > 0:
            budget -= count_steps(stimulus.header.samples) * 0.02
            dose.add(stimulus.id)
    if budget > 0:
        raise UserError(
            f"{config.hours:g} hours were asked for; {budget / 3600:.2f} of them are missing in "
            f"{stimuli.name}"
        )
    return kept.where(lambda one: one.id in dose)


def held_out(transcript: str) -> bool:
    """Say whether a transcript is kept for measuring; the same one in every arm and set."""
    return _draw(transcript) % ONE_IN == 0


def _draw(transcript: str) -> int:
    text = " ".join(transcript.casefold().split())
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def _side(
    name: Input, stimuli: Sequence[Stimulus], sound: Sound, trained: Bool[np.ndarray, " step"]
) -> tuple[Front, np.ndarray]:
    """Return the front end of an input, and what it makes of every step."""
    if name == "audio":
        own = sound.filter_banks[trained].reshape(-1, WIDTH // 2)
        mean, scale = own.mean(0, dtype=np.float64), own.std(0, dtype=np.float64)
        return Front("audio", mean, scale, None, None), sound.filter_banks
    spelt = [symbols_of(stimulus, name) for stimulus in stimuli]
    lengths = np.diff(sound.starts)
    of_utterance = trained[sound.starts[:-1]]
    counts = Counter(s for one, seen in zip(spelt, of_utterance, strict=True) if seen for s in one)
    alphabet = tuple(sorted(symbol for symbol, times in counts.items() if times >= RARE))
    total = sum(len(one) for one, seen in zip(spelt, of_utterance, strict=True) if seen)
    front = Front(name, None, None, alphabet, float(lengths[of_utterance].sum() / total))
    parts = [stretched(one, int(n), front) for one, n in zip(spelt, lengths, strict=True)]
    return front, np.concatenate(parts).astype(np.int16)
