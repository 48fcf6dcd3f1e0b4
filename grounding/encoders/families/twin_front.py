"""The front ends of the twins: what one trunk is fed, 160 numbers a step at 50 steps a second.

audio: the recording scaled to rms 1; 80 log-mel bands in windows of 25 ms every 10 ms, nowhere more
than 80 dB below the recording's highest, which is Whisper's range too, so that digital silence is
no more than a quiet room; two frames stacked. Step t reads samples 320 t to 320 t + 560. Each band
is standardised with the mean and the standard deviation of the training set, not of the recording.

characters: the transcript casefolded, in Unicode form NFC, with single spaces. phonemes: the IPA
segments of the phones. Each symbol is one of 160; one that the alphabet lacks is all zeros. Symbols
are stretched evenly: step t of n holds symbol floor(t length / n). In training n is the number of
steps of the audio. Else it follows from the transcript alone, at the training set's steps a symbol,
so that no duration leaks into a model of text.

`front.json` beside a twin's weights says which it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from grounding.encoders.convolutions import Conv, Grid, output_length
from grounding.encoders.families.twin_file import (
    BANDS,
    FRONT,
    RATE,
    STEPS_PER_SECOND,
    WIDTH,
    Front,
    Input,
    read_front,
    write_front,
)
from grounding.encoders.hearing import hear
from grounding.errors import AudioError, UserError
from grounding.stimuli.ipa import segments
from grounding.tables import lookup

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = [
    "FRONT",
    "GRID",
    "RATE",
    "STEPS_PER_SECOND",
    "WIDTH",
    "Front",
    "Input",
    "count_steps",
    "held",
    "inputs",
    "log_mel",
    "one_hot",
    "places_of",
    "read_front",
    "standardised",
    "stretched",
    "symbols_of",
    "text_steps",
    "write_front",
]

STACKED = WIDTH // BANDS
LAYOUT = (Conv(400, 160), Conv(STACKED, STACKED))
"""Window and hop in samples, then the stacking of frames."""
GRID = Grid().through(LAYOUT)
DYNAMIC_RANGE = 8 * np.log(10)
"""In nepers of power, 80 dB."""


def count_steps(samples: int) -> int:
    """Return how many steps a recording makes.

    >>> count_steps(559), count_steps(560), count_steps(16_000)
    (0, 1, 49)
    """
    return output_length(samples, LAYOUT)


def log_mel(audio: Float[np.ndarray, " sample"]) -> Float[np.ndarray, "step 160"]:
    """Return the stacked log-mel bands of a recording at `RATE`, scaled to rms 1.

    They are not standardised: mean and scale are computed from these.

    Raises `AudioError` for silence and for less than one step.
    """
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if len(audio) else 0.0
    if not rms > 0 or not count_steps(len(audio)):
        raise AudioError(
            f"a recording of {len(audio)} samples and rms {rms:g} makes no step; needed "
            f"{GRID.field} samples or more, with sound in them."
        )
    made = _extractor()(
        (audio / rms).astype(np.float32),
        sampling_rate=RATE,
        do_normalize_per_mel_bins=False,
        return_tensors="np",
    )
    frames: np.ndarray = made["input_features"][0, : count_steps(len(audio))]
    return np.maximum(frames, frames.max() - DYNAMIC_RANGE).astype(np.float32)


def standardised(
    values: Float[np.ndarray, "step 160"], front: Front
) -> Float[np.ndarray, "step 160"]:
    """Return log-mel bands with the mean and scale of the training set taken out, in float32."""
    assert front.mean is not None and front.scale is not None
    mean, scale = np.tile(front.mean, STACKED), np.tile(front.scale, STACKED)
    return ((values - mean) / scale).astype(np.float32)


def symbols_of(stimulus: Stimulus, input: str) -> tuple[str, ...]:
    """Return the characters or the phonemes of a stimulus.

    Raises `UserError` for a stimulus without phones or without a character, or with a phone that
    is not IPA.
    """
    return tuple(symbol for symbol, _, _ in _read(stimulus, input))


def places_of(stimulus: Stimulus, input: str) -> Int[np.ndarray, "symbol 2"]:
    """Return where each symbol stands: from which character of the transcript (phone) to which."""
    spans = [(start, end) for _, start, end in _read(stimulus, input)]
    return np.array(spans, dtype=np.int64)


def text_steps(symbols: int, front: Front) -> int:
    """Return how many steps a text of so many symbols makes, one a symbol or more.

    >>> text_steps(3, Front("characters", symbols=("a",), steps_per_symbol=3.2))
    10
    """
    assert front.steps_per_symbol is not None
    return max(symbols, round(symbols * front.steps_per_symbol))


def held(symbols: int, steps: int) -> Int[np.ndarray, " step"]:
    """Return which symbol each step holds when so many are stretched evenly.

    >>> held(3, 7).tolist()
    [0, 0, 0, 1, 1, 2, 2]
    """
    return np.arange(steps) * symbols // steps


def stretched(symbols: Sequence[str], steps: int, front: Front) -> Int[np.ndarray, " step"]:
    """Return each step's place in the alphabet, -1 for a symbol that it lacks."""
    places = {symbol: place for place, symbol in enumerate(front.symbols or ())}
    known = np.array([places.get(symbol, -1) for symbol in symbols], dtype=np.int64)
    return known[held(len(symbols), steps)]


def one_hot(indices: Int[np.ndarray, " step"]) -> Float[np.ndarray, "step 160"]:
    """Return a 1 in each step's place; nothing for -1."""
    return (indices[:, None] == np.arange(WIDTH)).astype(np.float32)


def inputs(
    stimulus: Stimulus, front: Front, steps: int | None = None
) -> Float[np.ndarray, "step 160"]:
    """Return what the trunk is fed of a stimulus.

    steps: to which symbols are stretched; None is the number that the transcript makes.

    Raises `UserError` for a stimulus that the front end cannot take, or for a recording that does
    not make the steps asked for.
    """
    if front.input == "audio":
        audio = hear(stimulus, "a twin", rate=RATE, least=GRID.field)
        values = standardised(log_mel(audio), front)
        if steps not in (None, len(values)):
            raise UserError(f"{stimulus.id!r} makes {len(values)} steps of audio, not {steps}.")
        return values
    symbols = symbols_of(stimulus, front.input)
    count = text_steps(len(symbols), front) if steps is None else steps
    return one_hot(stretched(symbols, count, front))


@cache
def _extractor() -> Any:
    """Return the maker of filter banks: 80 bands at 16 kHz, stacked by two."""
    from transformers import SeamlessM4TFeatureExtractor

    return SeamlessM4TFeatureExtractor()


def _characters(stimulus: Stimulus) -> list[tuple[str, int, int]]:
    """Return characters with the place of the letter, its marks included, that they come from."""
    text = stimulus.transcript
    starts = [k for k, letter in enumerate(text) if k == 0 or not unicodedata.combining(letter)]
    found: list[tuple[str, int, int]] = []
    for start, end in pairwise([*starts, len(text)]):
        folded = unicodedata.normalize("NFC", text[start:end].casefold())
        if not folded.isspace():
            found += [(symbol, start, end) for symbol in folded]
        elif found and found[-1][0] != " ":
            found.append((" ", start, end))
    return found[:-1] if found and found[-1][0] == " " else found


def _phonemes(stimulus: Stimulus) -> list[tuple[str, int, int]]:
    """Return segments with the place of their phone."""
    phones = enumerate(stimulus.phones or ())
    return [(symbol, k, k + 1) for k, phone in phones for symbol in segments(phone)]


READERS: Mapping[str, tuple[str, Callable[[Stimulus], list[tuple[str, int, int]]]]] = {
    "characters": ("transcript", _characters),
    "phonemes": ("phones", _phonemes),
}
"""What each input of symbols reads, and how."""


def _read(stimulus: Stimulus, input: str) -> list[tuple[str, int, int]]:
    name, read = lookup("input of symbols", input, READERS)
    found = read(stimulus)
    if not found:
        raise UserError(
            f"stimulus {stimulus.id!r} has nothing in its {name}, which a twin fed {input} reads. "
            f"Give it its {name} in the manifest, or leave it out."
        )
    return found
