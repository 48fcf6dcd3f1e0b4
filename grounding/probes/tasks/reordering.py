"""Prompts whose middle words change places, and the same prompts left in order, cut alike.

A prompt of four words or more is parted into A B C D, each a stretch of whole words. Both versions
are made of the same four pieces of sound, faded out and in over 10 ms and 100 ms apart: A B C D is
"kept", A C B D is "swapped". So neither has a join that the other has not, B and C are cut at both
ends in both, and an encoder whose steps see no farther than the gap gives the two the same steps
in another order: their means are equal, and only what looks beyond a piece can tell them apart.
Pieces are whole multiples of 20 ms long, so that steps fall alike.

Where words end in the sound is not known, only where phones do: a border between words is the
border between phones nearest to its share of the letters. It may be a phone or two off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.files import write_whole
from grounding.stimuli import Stimulus, StimulusSet, read_stimuli, write_manifest
from grounding.stimuli.recorded.sound import RATE, flac, to_16_bit

__all__ = ["ORDERS", "Reordered", "borders", "reordered"]

ORDERS: Mapping[str, tuple[int, ...]] = {"kept": (0, 1, 2, 3), "swapped": (0, 2, 1, 3)}
GRID, GAP, FADE = 0.02, 0.1, 0.01  # seconds
GAIN = 0.9  # so that a sample at full scale fits into 16 bits
LEFT_OUT = ("transcript", "id", "audio", "articulation", "samples", "sha256", "intelligibility")


@dataclass(frozen=True, eq=False)
class Reordered:
    """The versions of prompts, and the ids of prompts that have none."""

    stimuli: StimulusSet
    left_out: tuple[str, ...]


def reordered(stimuli: Sequence[Stimulus], folder: str | Path) -> Reordered:
    """Write both versions of every prompt of four words or more into `folder`, and read them back.

    A version's id is the prompt's with "-kept" or "-swapped"; its attributes `prompt` and `order`
    say the same. Left out are prompts of fewer words, and those in which a piece has no phone.

    Raises `UserError` for a folder that holds anything, a stimulus that is not at 16 kHz or lacks
    the times of its phones, or where no prompt is long enough.
    """
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; needed a folder to be made. Name another.")
    records, left_out = [], []
    for stimulus in stimuli:
        words = stimulus.transcript.split()
        found = borders(stimulus) if len(words) > 3 else None
        if found is None:
            left_out.append(stimulus.id)
            continue
        records += _written(stimulus, words, found, folder)
    if not records:
        raise UserError(f"none of {len(stimuli)} prompts has four words; needed one that has.")
    write_manifest(folder, records)
    return Reordered(read_stimuli(folder), tuple(left_out))


def borders(stimulus: Stimulus) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return after how many phones and at which samples a prompt is cut, or None.

    None where a piece would have no phone, or be shorter than two fades. Raises `UserError` for
    a stimulus without the times of its phones.
    """
    segments = stimulus.attributes.get("segments")
    if not segments:
        raise UserError(
            f"{stimulus.place}: stimulus {stimulus.id!r} has no attribute 'segments'; needed the "
            "times of its phones, [[phone, start, end], ...]. Align it, or leave it out."
        )
    if stimulus.rate != RATE:
        raise UserError(
            f"{stimulus.place}: stimulus {stimulus.id!r} is at {stimulus.rate} Hz; needed {RATE}. "
            "Resample it with 'grounding stimuli add --rate'."
        )
    words = stimulus.transcript.split()
    letters = np.cumsum([len(word) for word in words])
    shares = [letters[n - 1] / letters[-1] for n in _counts(len(words))]
    phones = [round(share * len(segments)) for share in shares]
    if not all(a < b for a, b in pairwise([0, *phones, len(segments)])):
        return None
    hop = round(GRID * RATE)
    between = [(segments[n - 1][2] + segments[n][1]) / 2 for n in phones]
    cuts = [round(time * RATE / hop) * hop for time in between]
    edges = [0, *cuts, stimulus.header.samples]
    if min(b - a for a, b in pairwise(edges)) < 2 * round(FADE * RATE):
        return None
    return tuple(phones), tuple(cuts)


def _counts(words: int) -> tuple[int, int, int]:
    """Return after how many words A, B and C end: quarters, at least a word each."""
    return max(1, words // 4), words // 2, min(words - 1, words // 2 + max(1, words // 4))


def _written(
    stimulus: Stimulus,
    words: Sequence[str],
    found: tuple[tuple[int, ...], tuple[int, ...]],
    folder: Path,
) -> list[dict[str, Any]]:
    """Write the sound of both versions, and return their manifest lines."""
    phones, cuts = found
    pieces = _faded(np.split(stimulus.audio, cuts), round(FADE * RATE))
    silence = np.zeros(round(GAP * RATE), dtype=np.float32)
    texts = np.split(np.array(words, dtype=object), _counts(len(words)))
    spoken = stimulus.phones or ()
    known = len(spoken) == len(stimulus.attributes["segments"])
    strings = np.split(np.array(spoken, dtype=object), phones) if known else []
    record = {k: v for k, v in stimulus.record().items() if k not in (*LEFT_OUT, "phones")}
    records = []
    for order, places in ORDERS.items():
        name = f"{stimulus.id}-{order}"
        sound = [part for place in places for part in (pieces[place], silence)][:-1]
        samples = np.concatenate(sound)
        write_whole(folder / f"audio/{name}.flac", flac(to_16_bit(samples, GAIN)))
        records.append(
            {
                **record,
                "id": name,
                "transcript": " ".join(word for place in places for word in texts[place]),
                "audio": f"audio/{name}.flac",
                "samples": len(samples),
                "realisation": {"name": order},
                "attributes": {"prompt": stimulus.id, "order": order},
                **({"phones": [p for at in places for p in strings[at]]} if known else {}),
            }
        )
    return records


def _faded(
    pieces: Sequence[Float[np.ndarray, " _sample"]], fade: int
) -> list[Float[np.ndarray, " _sample"]]:
    """Fade every piece at its cuts, and not where the recording begins and ends."""
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)).astype(np.float32)
    faded = [piece.copy() for piece in pieces]
    for before, after in pairwise(faded):
        before[-fade:] *= rise[::-1]
        after[:fade] *= rise
    return faded
