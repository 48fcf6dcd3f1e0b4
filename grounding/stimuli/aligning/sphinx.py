"""Forced alignment by PocketSphinx: its American English model, told which phones were said.

The phones become one word of a dictionary of their own. Where the transcript has a space, the word
may also come in pieces, cut between any two phones, and there may be silence between pieces, since
the manifest does not say where words end. Silence (or noise, as the model's fillers have it) may
also come first and last. Nothing is pruned, so that a clip fails only when no path exists (too
short for its phones: 30 ms each).

Two passes: words, then phones within words. Each clip has a decoder of its own, so that no clip
changes another. Sound is brought to 16 kHz, with `PADDING` of silence before and after.

Frames are 25.6 ms long, 10 ms apart. A phone begins in the middle between the centres of its first
frame and of the frame before, `CENTRE` after the first sample of its first frame.

Source: Huggins-Daines et al., PocketSphinx, ICASSP 2006; package `pocketsphinx`, BSD licence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.stimuli.aligning.aligned import Aligned, gathered
from grounding.stimuli.aligning.mapping import Part, mapped
from grounding.stimuli.audio import resample
from grounding.stimuli.stimulus import Stimulus

__all__ = ["CENTRE", "PADDING", "align", "aligner", "needed"]

RATE, FRAME = 16000, 0.01  # Hz, s
CENTRE = 0.0078  # s: half a window of 25.6 ms less half a step
PADDING = 0.2  # s
PIECES = 1e-3  # probability of going on with another piece
LONGEST = 30  # phones of a piece; the whole may be longer. Memory and time grow with its square.
UNIT = 1024 * float(np.log(1.0001))  # the decoder's scores in natural log


def needed() -> None:
    """Raise `UserError` where PocketSphinx is not installed."""
    if find_spec("pocketsphinx") is None:
        raise UserError("alignment needs pocketsphinx: pip install 'speech-grounding[alignment]'")


@cache
def aligner() -> dict[str, str]:
    """Return what names the aligner: package, version, model and SHA-256 of the model's files."""
    needed()
    digest = hashlib.sha256()
    for path in sorted(_model().iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return {
        "name": "pocketsphinx",
        "version": version("pocketsphinx"),
        "model": "en-us",
        "model_sha256": digest.hexdigest(),
    }


def align(stimulus: Stimulus) -> Aligned:
    """Find when each phone of a stimulus is said.

    Raises `UserError` where it has no phones, or one that is not IPA; what the aligner cannot do is
    no error and is said in `failure`.
    """
    needed()
    if not stimulus.phones:
        raise UserError(f"{stimulus.place}: stimulus {stimulus.id!r} has no phones to align")
    try:
        parts = mapped(stimulus.phones)
    except UserError as error:
        raise UserError(f"{stimulus.place}: {error}") from error
    audio = stimulus.audio
    if stimulus.rate != RATE:
        audio = resample(audio, stimulus.rate, RATE)
    found = _decoded(audio, parts, pauses=" " in stimulus.transcript)
    if isinstance(found, str):
        return Aligned(stimulus.id, (), None, found)
    duration = len(audio) / RATE
    times = [_seconds(start, length, duration) for start, length, _ in found]
    segments = gathered(stimulus.phones, parts, times)
    if any(end <= start for _, start, end in segments):
        return Aligned(stimulus.id, (), None, "a phone was found outside the recording")
    frames = sum(length for _, length, _ in found)
    score = UNIT * sum(score for *_, score in found) / frames
    return Aligned(stimulus.id, segments, round(score, 4))


def _seconds(start: int, length: int, duration: float) -> tuple[float, float]:
    """Return the begin and end of frames in s, inside the recording."""
    first = start * FRAME + CENTRE - PADDING
    return max(first, 0.0), min(first + length * FRAME, duration)


def _decoded(
    audio: Float[np.ndarray, " sample"], parts: Sequence[Part], pauses: bool
) -> list[tuple[int, int, int]] | str:
    """Return first frame, number of frames and score of every part, or why there are none."""
    quiet = np.zeros(round(PADDING * RATE))
    samples = np.round(np.concatenate([quiet, audio, quiet]) * 32767).clip(-32768, 32767)
    data = samples.astype("<i2").tobytes()
    decoder = _decoder(parts, pauses)
    _heard(decoder, data)
    if decoder.hyp() is None:
        return "no path through the phones: too short a recording for them, or none of them fit"
    try:
        decoder.set_alignment()
        _heard(decoder, data)
        alignment = decoder.get_alignment()
    except RuntimeError as error:
        return f"the aligner gave up: {error}"
    found = [
        (phone.name, phone.start, phone.duration, phone.score)
        for word in alignment or ()
        if word.name.startswith("from")
        for phone in word
    ]
    if [name for name, *_ in found] != [part.phone for part in parts]:
        return "no path through all phones: too short a recording for them, or none of them fit"
    return [entry[1:] for entry in found]


def _decoder(parts: Sequence[Part], pauses: bool) -> Any:
    """Return a decoder that knows one sentence: the parts, whole or in pieces."""
    from pocketsphinx import Decoder

    decoder = Decoder(
        hmm=str(_model()), dict=None, lm=None, loglevel="FATAL",
        beam=0.0, wbeam=0.0, pbeam=0.0,  # nothing is pruned
        bestpath=False,  # a lattice may end in silence alone
        compallsen=True,  # scores are relative to the whole model, not to the phones asked for
    )  # fmt: skip
    whole = (0, len(parts))
    places = [0, *(_cuts(parts) if pauses else ()), len(parts)]
    pieces = [(a, b) for a in places for b in places if a < b <= a + LONGEST or (a, b) == whole]
    arcs = []
    for start, end in pieces:
        name = f"from{start}to{end}"
        said = " ".join(part.phone for part in parts[start:end])
        decoder.add_word(name, said, (start, end) == pieces[-1])  # the last takes all of them in
        arcs.append((start, end, 1.0 if end == len(parts) else PIECES, name))
    decoder.add_fsg("phones", decoder.create_fsg("phones", 0, len(parts), arcs))
    decoder.activate_search("phones")
    return decoder


def _cuts(parts: Sequence[Part]) -> list[int]:
    """Return the places between two parts where a phone of the manifest ends."""
    return [k for k in range(1, len(parts)) if not set(parts[k - 1].owners) & set(parts[k].owners)]


def _heard(decoder: Any, data: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(data, full_utt=True)
    decoder.end_utt()


def _model() -> Path:
    from pocketsphinx import get_model_path

    return Path(get_model_path("en-us/en-us"))
