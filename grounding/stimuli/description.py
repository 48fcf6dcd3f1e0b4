"""What a set holds, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from grounding.errors import StimulusMismatch
from grounding.stimuli.stimulus_set import StimulusSet

__all__ = ["Description", "StreamCount", "describe"]


@dataclass(frozen=True)
class StreamCount:
    """An articulation stream: in how many `stimuli`, with how many `channels`, in which `units`."""

    stimuli: int
    channels: int
    units: tuple[str, ...]


@dataclass(frozen=True)
class Description:
    """The counts of one set.

    durations: shortest, median and longest, seconds; `seconds` is their sum.
    realisations: fewest, median and most stimuli a transcript.
    languages, speakers, rates (Hz), marks: stimuli by value; those without a speaker are not in
        `speakers`.
    lengths: the durations of all, in order of the set, seconds. repeats: stimuli by transcript.
    with_phones, with_concept, with_articulation, recognised: number of stimuli that carry it.
        `recognised` counts `intelligibility.correct`, of `tested` that carry one.
    phones: how often each phone is said, by language. streams: articulation by stream.
    """

    name: str
    folder: str
    digest: str
    stimuli: int
    transcripts: int
    seconds: float
    durations: tuple[float, float, float]
    realisations: tuple[int, float, int]
    languages: Mapping[str, int]
    speakers: Mapping[str, int]
    rates: Mapping[int, int]
    marks: Mapping[str, int]
    lengths: tuple[float, ...]
    repeats: Mapping[tuple[str, str], int]
    with_phones: int
    phones: Mapping[str, Mapping[str, int]]
    with_concept: int
    concepts: int
    tested: int
    recognised: int
    with_articulation: int
    streams: Mapping[str, StreamCount]


def describe(stimuli: StimulusSet) -> Description:
    """Count what `stimuli` hold; reads every articulation file.

    Raises `StimulusMismatch` for a set without stimuli or a stream that changes its channels or
    units from one stimulus to another.
    """
    if not len(stimuli):
        raise StimulusMismatch(f"{stimuli.name!r} has no stimuli; needed at least one.")
    durations = np.array([stimulus.duration for stimulus in stimuli])
    counts = Counter((s.language, s.transcript) for s in stimuli)
    repeats = np.array(list(counts.values()))
    heard = [s.intelligibility["correct"] for s in stimuli if "correct" in s.intelligibility]
    return Description(
        name=stimuli.name,
        folder=str(stimuli.folder),
        digest=stimuli.digest,
        stimuli=len(stimuli),
        transcripts=len(repeats),
        seconds=float(durations.sum()),
        durations=(
            float(durations.min()),
            float(np.median(durations)),
            float(durations.max()),
        ),
        realisations=(int(repeats.min()), float(np.median(repeats)), int(repeats.max())),
        languages=_counted(s.language for s in stimuli),
        speakers=_counted(s.speaker for s in stimuli if s.speaker is not None),
        rates=_counted(s.rate for s in stimuli),
        marks=_counted(mark for s in stimuli for mark in s.marks),
        lengths=tuple(durations.tolist()),
        repeats=dict(counts),
        with_phones=sum(s.phones is not None for s in stimuli),
        phones=_phones(stimuli),
        with_concept=sum(s.concept is not None for s in stimuli),
        concepts=len({s.concept for s in stimuli} - {None}),
        tested=len(heard),
        recognised=sum(correct is True for correct in heard),
        with_articulation=sum(s.articulation_path is not None for s in stimuli),
        streams=_streams(stimuli),
    )


def _counted(values: Iterable) -> dict:
    return dict(sorted(Counter(values).items()))


def _phones(stimuli: StimulusSet) -> dict[str, dict[str, int]]:
    said: dict[str, Counter[str]] = {}
    for stimulus in stimuli:
        if stimulus.phones is not None:
            said.setdefault(stimulus.language, Counter()).update(stimulus.phones)
    return {language: dict(count.most_common()) for language, count in sorted(said.items())}


def _streams(stimuli: StimulusSet) -> dict[str, StreamCount]:
    counts: Counter[str] = Counter()
    labels: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for stimulus in stimuli:
        if stimulus.articulation_path is None:
            continue
        for name, stream in stimulus.articulation.streams.items():
            counts[name] += 1
            if labels.setdefault(name, (stream.channels, stream.units)) != (
                stream.channels,
                stream.units,
            ):
                raise StimulusMismatch(
                    f"articulation stream {name!r} of stimulus {stimulus.id!r} has other channels "
                    "or units than before it; needed the same throughout. Split the set."
                )
    return {
        name: StreamCount(count, len(labels[name][0]), tuple(dict.fromkeys(labels[name][1])))
        for name, count in counts.items()
    }
