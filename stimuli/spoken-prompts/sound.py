"""Sound: ITU-T G.722 in, FLAC out; nothing is trimmed, filtered or rescaled.

G.722 at 64 kbit/s is 16 kHz speech in two ADPCM bands. Its decoder is defined to the bit, so
that the samples do not depend on who decodes.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile

__all__ = ["RATE", "decode", "flac"]

RATE = 16_000


def decode(path: Path) -> np.ndarray:
    """Return a G.722 file's samples: int16, mono, 16 kHz."""
    import av

    with av.open(str(path), format="g722") as container:
        frames = list(container.decode(audio=0))
    for frame in frames:
        if (frame.sample_rate, frame.layout.name, frame.format.name) != (RATE, "mono", "s16"):
            raise ValueError(f"{path.name}: decoded to {frame!r}, needed 16-bit mono at {RATE} Hz")
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def flac(samples: np.ndarray) -> bytes:
    """Return 16-bit samples as the bytes of a FLAC file, at the smallest setting."""
    out = io.BytesIO()
    soundfile.write(out, samples, RATE, "PCM_16", format="FLAC", compression_level=1.0)
    return out.getvalue()
