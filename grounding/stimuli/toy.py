"""A toy set: tones shaped by a toy tongue, for tests and first tries.

It is no speech. Each transcript has a path of six "flesh points" through the mouth, smooth and
random; a realisation is that path walked at another speed, pitch and with a little noise of its
own. Three sine tones (F1 to F3) follow the points, so the sound depends on the articulation and
on nothing else but pitch. The transcripts are English words and their phones are right, but
nobody says them here: the paths know nothing of the phones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from grounding.errors import ManifestError
from grounding.stimuli.articulation import Articulation, Stream, write_articulation
from grounding.stimuli.manifest import write_manifest
from grounding.stimuli.stimulus_set import StimulusSet
from grounding.stimuli.toy_words import TOY_WORDS, ToyWord
from grounding.stimuli.validate import read_stimuli

__all__ = ["toy_articulation", "toy_sound", "write_toy_set"]

RATE = 16000  # Hz
FRAMES = 100  # a second
POINTS = ("UL", "LL", "JAW", "TT", "TB", "TD")
FLESH = tuple(f"{point}.{axis}" for point in POINTS for axis in "xy")
# Rest position of each channel, mm: x forwards, y upwards.
REST = np.array([60, 8, 58, -8, 50, -20, 45, -2, 30, 5, 15, 0], dtype=float)
SECTIONS = 40


def write_toy_set(
    folder: str | Path,
    *,
    words: int = 12,
    realisations: int = 3,
    articulation: bool = True,
    seconds: float = 0.4,
    rng: np.random.Generator,
) -> StimulusSet:
    """Write a toy set of `words` x `realisations` stimuli into `folder` and read it back.

    folder: is made; must not hold a manifest. words: 1 to 58. seconds: mean length. Without
    `articulation` the sound is the same and the paths are not written.

    Raises `ManifestError` for numbers out of range or a folder that holds a manifest.
    """
    if not 1 <= words <= len(TOY_WORDS) or realisations < 1 or not 0.05 <= seconds <= 30:
        raise ManifestError(
            f"a toy set of {words} words, {realisations} realisations and {seconds} s; needed 1 to "
            f"{len(TOY_WORDS)} words, at least 1 realisation, and .05 to 30 s."
        )
    folder = Path(folder)
    for part in ("audio", "articulation") if articulation else ("audio",):
        (folder / part).mkdir(parents=True, exist_ok=True)
    # A stream of its own for each word, so that a smaller set is the beginning of a larger one.
    streams = rng.spawn(len(TOY_WORDS))[:words]
    records = [
        _write_stimulus(folder, word, k, seconds, articulation, stream, path)
        for word, stream in zip(TOY_WORDS, streams, strict=False)
        for path in [_path(round(seconds * FRAMES), stream)]
        for k in range(realisations)
    ]
    write_manifest(folder, records)
    return read_stimuli(folder)


def _write_stimulus(
    folder: Path,
    word: ToyWord,
    k: int,
    seconds: float,
    articulation: bool,
    rng: np.random.Generator,
    path: Float[np.ndarray, "time channel"],
) -> dict:
    rate = float(rng.uniform(0.8, 1.25))
    pitch = float(rng.uniform(90, 220))
    steps = max(3, round(len(path) / rate))
    warped = np.stack(
        [
            np.interp(np.linspace(0, 1, steps), np.linspace(0, 1, len(path)), channel)
            for channel in path.T
        ],
        axis=1,
    )
    track = toy_articulation(warped + 0.5 * _path(steps, rng))
    sound = toy_sound(track, pitch)
    name = f"{word.word}-{k}"
    soundfile.write(folder / f"audio/{name}.flac", sound, RATE, subtype="PCM_16")
    if articulation:
        write_articulation(folder / f"articulation/{name}.npz", track)
    return {
        "id": name,
        "transcript": word.word,
        "language": "en",
        "audio": f"audio/{name}.flac",
        "rate": RATE,
        "samples": len(sound),
        "speaker": "toy",
        "phones": list(word.phones),
        "concept": word.word,
        "realisation": {"name": f"toy-{k}", "rate": round(rate, 4), "f0": round(pitch, 2)},
        **({"articulation": f"articulation/{name}.npz"} if articulation else {}),
        "attributes": {"category": word.category},
    }


def _path(steps: int, rng: np.random.Generator) -> Float[np.ndarray, "steps channel"]:
    """Return a smooth random walk of the 12 channels around rest, about 3 mm either way."""
    walk = gaussian_filter1d(rng.normal(size=(steps, 12)), sigma=6, axis=0, mode="nearest")
    spread = walk.std() or 1.0
    return 2 * rng.normal(size=12) + 3 * walk / spread


def toy_articulation(offsets: Float[np.ndarray, "time 12"]) -> Articulation:
    """Return the streams of flesh points that are `offsets` mm away from rest, at 100 Hz.

    flesh (mm), area (log cm^2) and section_length (cm) of a tube that is narrow under the
    tongue points and lips, variables (mm: lip aperture, heights of tip and body), formants (Hz,
    F1 to F3) and formants_valid (1 throughout).
    """
    flesh = REST + offsets
    at = np.linspace(0, 65, SECTIONS)
    tongue = [10, 8, 6]  # TD, TB, TT: from the glottis to the lips
    places, heights = flesh[:, tongue], offsets[:, [x + 1 for x in tongue]]
    bump = np.exp(-(((at[None, None, :] - places[:, :, None]) / 8) ** 2))
    area = 1.0 - 0.15 * (heights[:, :, None] * bump).sum(axis=1)
    opening = offsets[:, 1] - offsets[:, 3]
    area += 0.1 * opening[:, None] * np.exp(-(((at - 62) / 4) ** 2))
    formants = np.stack(
        [
            500 - 25 * offsets[:, 9] - 15 * offsets[:, 11] + 10 * opening,
            1500 + 60 * offsets[:, 8] + 40 * offsets[:, 9] + 10 * opening,
            2500 + 50 * offsets[:, 6] + 30 * offsets[:, 7] + 10 * opening,
        ],
        axis=1,
    )
    formants = np.clip(formants, [200, 800, 1900], [900, 2300, 3600])
    tube = tuple(f"section-{i:02d}" for i in range(SECTIONS))
    names = ("F1", "F2", "F3")
    streams = (
        Stream("flesh", flesh, FLESH, ("mm",) * 12),
        Stream("area", area, tube, ("log cm^2",) * SECTIONS),
        Stream(
            "section_length",
            np.full((len(flesh), SECTIONS), 17.0 / SECTIONS),
            tube,
            ("cm",) * SECTIONS,
        ),
        Stream(
            "variables",
            np.stack([flesh[:, 1] - flesh[:, 3], flesh[:, 7], flesh[:, 9]], axis=1),
            ("lip-aperture", "tip-height", "body-height"),
            ("mm",) * 3,
        ),
        Stream("formants", formants, names, ("Hz",) * 3),
        Stream("formants_valid", np.ones_like(formants), names, ("1",) * 3),
    )
    return Articulation(float(FRAMES), {stream.name: stream for stream in streams})


def toy_sound(track: Articulation, pitch: float) -> Float[np.ndarray, " sample"]:
    """Return three tones that follow the formants, pulsed at `pitch` Hz; 16 kHz, below .9."""
    formants = track["formants"].values.astype(float)
    samples = round(len(formants) * RATE / FRAMES)
    times = np.arange(samples) / RATE
    centres = (np.arange(len(formants)) + 0.5) / FRAMES
    tones = np.zeros(samples)
    for strength, frequency in zip((0.4, 0.3, 0.2), formants.T, strict=True):
        phase = 2 * np.pi * np.cumsum(np.interp(times, centres, frequency)) / RATE
        tones += strength * np.sin(phase)
    pulse = 0.6 + 0.4 * np.cos(2 * np.pi * pitch * times)
    edge = np.minimum(1, np.minimum(times, times[::-1]) / 0.01)
    return (tones * pulse * edge * 0.95).astype(np.float32)
