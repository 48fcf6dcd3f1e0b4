"""What is heard: recordings decoded, and those that are no good by their sound alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from jaxtyping import Int16
from sources import Utterance

from grounding.stimuli.recorded.durations import unexpected
from grounding.stimuli.recorded.sound import (
    decode_g722,
    decode_vorbis,
    levels,
    one_channel,
    spoken_seconds,
    to_16_bit,
    trimmed,
)
from grounding.stimuli.recorded.tuxpaint import GAIN, READERS, speaker

__all__ = ["Clip", "hear", "odd_durations", "repeated"]


@dataclass(frozen=True)
class Clip:
    """What is known of a recording once it was heard.

    seconds: how long it is. spoken: how long the speech in it lasts, s. row: of `hashes.tsv`.
    """

    seconds: float
    spoken: float
    speaker: str
    row: Mapping[str, str]


def hear(utterance: Utterance) -> tuple[Int16[np.ndarray, " sample"], float, str]:
    """Return samples, seconds of speech and speaker.

    A recording is decoded as in the scored set of its source, that is: Asterisk's as they are, the
    others trimmed to the speech with 0.1 s on both sides of it. Raises `AudioError` where it is
    empty or goes beyond full scale.
    """
    if utterance.source == "asterisk":
        samples = decode_g722(utterance.path)
        return samples, spoken_seconds(levels(samples / 2**15)), utterance.speaker
    if utterance.source == "festvox":
        sound, gain, who = soundfile.read(utterance.path)[0], 1.0, utterance.speaker
    else:
        values, rate = decode_vorbis(utterance.path)
        sound, gain = one_channel(values, rate), GAIN
        who = speaker(READERS[utterance.language], values)
    return to_16_bit(trimmed(sound), gain), spoken_seconds(levels(sound)), who


def odd_durations(
    utterances: Sequence[Utterance],
    clips: Mapping[str, Clip],
    spelt: Mapping[str, Sequence[str]],
) -> set[str]:
    """Return the ids of those that last otherwise than their phones lead one to expect.

    Each speaker of a language and source is judged alone. spelt: phones by id.
    """
    groups = defaultdict(list)
    for u in utterances:
        groups[u.source, u.language, clips[u.id].speaker].append(u.id)
    odd: set[str] = set()
    for ids in groups.values():
        seconds = np.array([clips[id].spoken for id in ids])
        lengths = np.array([float(len(spelt[id])) for id in ids])
        odd.update(id for id, far in zip(ids, unexpected(seconds, lengths), strict=True) if far)
    return odd


def repeated(utterances: Sequence[Utterance], clips: Mapping[str, Clip]) -> set[str]:
    """Return the ids of those whose file is that of an earlier one."""
    first: dict[str, str] = {}
    return {u.id for u in utterances if first.setdefault(clips[u.id].row["sha256"], u.id) != u.id}
