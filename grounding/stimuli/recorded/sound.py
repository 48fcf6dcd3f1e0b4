"""Sound of a recorded set: decoded, trimmed, written as FLAC, all at 16 kHz.

G.722 at 64 kbit/s is 16 kHz speech in two ADPCM bands; its decoder is defined to the bit, so that
the samples do not depend on who decodes. Vorbis decodes to floating-point numbers whose last bits
differ between decoders, and which may go beyond full scale.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float, Int16

from grounding.errors import AudioError
from grounding.stimuli.audio import decode, mix_down, resample

__all__ = [
    "RATE",
    "decode_g722",
    "decode_vorbis",
    "flac",
    "levels",
    "one_channel",
    "range_db",
    "spoken_frames",
    "spoken_seconds",
    "to_16_bit",
    "trimmed",
]

RATE = 16_000
FRAME = RATE // 100  # samples a frame
QUIET, LOUD = 5, 95  # percentiles of the levels of a clip's frames
SPOKEN_RANGE = 20.0  # dB
EDGE = 0.1  # seconds kept on both sides of what is spoken: soft consonants are below the range
SILENT = 1e-12  # mean square added to every frame, so that silence has a level


def decode_g722(path: Path) -> Int16[np.ndarray, " sample"]:
    """Return a G.722 file's samples. Needs PyAV."""
    import av

    with av.open(str(path), format="g722") as container:
        frames = list(container.decode(audio=0))
    for frame in frames:
        if (frame.sample_rate, frame.layout.name, frame.format.name) != (RATE, "mono", "s16"):
            raise AudioError(f"{path.name}: decoded to {frame!r}, needed 16-bit mono at {RATE} Hz")
    if not frames:
        raise AudioError(f"{path.name}: no sound in it")
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def flac(samples: Int16[np.ndarray, " sample"]) -> bytes:
    """Return samples as the bytes of a FLAC file, at the smallest setting."""
    out = io.BytesIO()
    soundfile.write(out, samples, RATE, "PCM_16", format="FLAC", compression_level=1.0)
    return out.getvalue()


def decode_vorbis(path: Path) -> tuple[Float[np.ndarray, "sample channel"], int]:
    """Return an Ogg Vorbis file's samples as they are decoded, and its rate in Hz.

    Raises `AudioError` when the file is cut off or no sound.
    """
    try:
        header, values = decode(path.read_bytes())
    except AudioError as error:
        raise AudioError(f"{path.name} {error}") from error
    return values, header.rate


def one_channel(
    values: Float[np.ndarray, "sample channel"], rate: int
) -> Float[np.ndarray, " sample"]:
    """Return the mean of the channels that are not silent, at 16 kHz.

    Raises `AudioError` when all are silent.
    """
    heard = values[:, np.abs(values).max(axis=0) > 0]
    return resample(mix_down(heard), rate, RATE)


def levels(samples: Float[np.ndarray, " sample"]) -> Float[np.ndarray, " frame"]:
    """Return the mean square of each whole frame of 10 ms, in dB of full scale."""
    whole = samples[: len(samples) // FRAME * FRAME].astype(np.float64)
    return 10 * np.log10((whole.reshape(-1, FRAME) ** 2).mean(axis=1) + SILENT)


def spoken_frames(of: Float[np.ndarray, " frame"]) -> tuple[int, int]:
    """Return the first frame that is spoken and the one after the last, from the frames' levels.

    A frame is spoken whose level is at most 20 dB below the loud ones (the 95th percentile).

    >>> spoken_frames(np.array([-60.0, -50, -20, -10, -25, -45]))
    (2, 5)
    """
    (spoken,) = np.nonzero(of >= np.percentile(of, LOUD) - SPOKEN_RANGE)
    return int(spoken[0]), int(spoken[-1]) + 1


def spoken_seconds(of: Float[np.ndarray, " frame"]) -> float:
    """Return how long the speech lasts, pauses inside it included, from the frames' levels."""
    first, end = spoken_frames(of)
    return (end - first) * FRAME / RATE


def trimmed(samples: Float[np.ndarray, " sample"]) -> Float[np.ndarray, " sample"]:
    """Return what is spoken, with at most `EDGE` seconds on both sides of it."""
    first, end = spoken_frames(levels(samples))
    edge = round(EDGE * RATE)
    return samples[max(0, first * FRAME - edge) : end * FRAME + edge]


def range_db(of: Float[np.ndarray, " frame"]) -> float:
    """Return how far the loud frames are above the quiet ones: 95th less 5th percentile, dB."""
    quiet, loud = np.percentile(of, (QUIET, LOUD))
    return float(loud - quiet)


def to_16_bit(samples: Float[np.ndarray, " sample"], gain: float) -> Int16[np.ndarray, " sample"]:
    """Return `gain` times the samples in 16 bits, rounded to the nearest.

    Raises `AudioError` when one would be cut off at full scale.
    """
    scaled = np.rint(samples.astype(np.float64) * gain * 2**15)
    if np.abs(scaled).max(initial=0) > 2**15 - 1:
        raise AudioError(
            f"peaks at {np.abs(samples).max():.3f} of full scale, which a gain of {gain} does not "
            "bring below 1. Lower the gain."
        )
    return scaled.astype(np.int16)
