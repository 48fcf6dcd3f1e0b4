"""One articulation in several sounds: another glottis under the same tract, or another channel.

The simulator's last step takes tract and glottis as arrays. So the tract's trajectory is made once,
from the modal score, and every sound is synthesised from that very array; only glottis rows differ.
What a glottis does is taken from a score that differs in voice or F0 alone and gives as many
states. Channels (telephone, room, noise) change the modal sound and keep its glottis too.

Every sound is as long as the modal one, to the sample: a room's tail is cut there. Levels are
made equal at the end: one gain, so that the root mean square of a recording is `LEVEL`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from jaxtyping import Float, Int16
from scipy.signal import butter, fftconvolve, resample_poly, sosfiltfilt

from grounding.stimuli.simulator.articulation import FRAME_RATE, measure
from grounding.stimuli.simulator.library import AUDIO_RATE, SimulatorError
from grounding.stimuli.simulator.score import Segment, Style, gestural_score
from grounding.stimuli.simulator.speak import RATE, Spoken, load
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import Realisation

__all__ = ["LEVEL", "SOUNDS", "Sound", "level", "microphone", "noise", "room", "sound_all",
           "telephone"]  # fmt: skip

LEVEL = 0.04  # root mean square of a whole recording, of full scale
_HIGH_PASS = 60.0  # Hz, as in `speak.finish`
_BAND = (300.0, 3400.0)  # Hz
_RT60 = 0.5  # s in which the room's tail falls by 60 dB
_DIRECT = 0.0  # dB, energy of the direct sound over that of the tail
_SNR = 5.0  # dB, over the whole recording

Wave = Float[np.ndarray, " sample"]


def microphone(raw: Wave) -> Wave:
    """Return the simulator's 44.1 kHz output at 16 kHz, high-passed at 60 Hz without delay."""
    high = butter(2, _HIGH_PASS, "highpass", fs=AUDIO_RATE, output="sos")
    return resample_poly(sosfiltfilt(high, raw), 160, 441)


def level(audio: Wave) -> Int16[np.ndarray, " sample"]:
    """Return 16-bit audio whose root mean square is `LEVEL` of full scale, without dither.

    Raises `SimulatorError` for silence, and where a sample would pass full scale.
    """
    power = float(np.sqrt(np.mean(audio**2)))
    if not power > 0:
        raise SimulatorError("the simulator made silence")
    scaled = np.round(audio * (LEVEL * 32767 / power))
    if np.abs(scaled).max() > 32767:
        raise SimulatorError(
            f"the largest sample is {np.abs(scaled).max() / 32767:.2f} of full scale at a root "
            f"mean square of {LEVEL}; lower LEVEL"
        )
    return scaled.astype(np.int16)


def telephone(audio: Wave, rng: np.random.Generator) -> Wave:
    """Return the band from 300 to 3,400 Hz (Butterworth, order 4, forwards and backwards)."""
    band = butter(4, _BAND, "bandpass", fs=RATE, output="sos")
    return sosfiltfilt(band, audio)


def room(audio: Wave, rng: np.random.Generator) -> Wave:
    """Return the sound in a room: itself and a tail of noise that falls by 60 dB in 0.5 s.

    White Gaussian noise under an exponential, with the energy of the direct sound (0 dB). The
    result is cut where the sound ends. A generator in the same state gives the same room.
    """
    time = np.arange(1, round(_RT60 * RATE)) / RATE
    tail = rng.standard_normal(len(time)) * 10.0 ** (-3.0 * time / _RT60)
    tail *= 10.0 ** (-_DIRECT / 20.0) / np.sqrt(np.sum(tail**2))
    return fftconvolve(audio, np.concatenate([[1.0], tail]))[: len(audio)]


def noise(audio: Wave, rng: np.random.Generator) -> Wave:
    """Return the sound in pink noise (power 1 / f above 50 Hz) at 5 dB over the whole recording."""
    spectrum = np.fft.rfft(rng.standard_normal(len(audio)))
    frequency = np.fft.rfftfreq(len(audio), 1 / RATE)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequency, 50.0)), len(audio))
    gain = np.sqrt(np.mean(audio**2) / np.mean(pink**2)) * 10.0 ** (-_SNR / 20.0)
    return audio + gain * pink


@dataclass(frozen=True)
class Sound:
    """One way to sound an articulation.

    voice: glottis shape of voiced sounds. whispered: whether voiced obstruents take it too, so
    that nothing is voiced. semitones: added to F0. channel: what the modal sound goes through.
    seeded: "" where the channel draws nothing, "set" for one draw for all, "item" for its own.
    parameters: what the manifest says of it.
    """

    voice: str = "modal"
    whispered: bool = False
    semitones: float = 0.0
    channel: Callable[[Wave, np.random.Generator], Wave] | None = None
    seeded: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)

    def score(self, placed: Sequence[Segment], style: Style) -> str:
        """Return the score whose glottis this sound has."""
        f0 = style.f0 * 2.0 ** (self.semitones / 12.0)
        score = gestural_score(placed, replace(style, voice=self.voice, f0=f0))
        if self.whispered:
            for name in ("voiced-plosive", "voiced-fricative"):
                score = score.replace(f'value="{name}"', f'value="{self.voice}"')
        return score


SOUNDS: dict[str, Sound] = {
    "modal": Sound(),
    "breathy": Sound(voice="breathy"),
    "whispered": Sound(voice="whisper", whispered=True),
    "raised-f0": Sound(semitones=7.0, parameters={"semitones": 7.0}),
    "telephone": Sound(channel=telephone, parameters={"low_hz": _BAND[0], "high_hz": _BAND[1]}),
    "room": Sound(
        channel=room,
        seeded="set",
        parameters={"rt60_s": _RT60, "direct_to_reverberant_db": _DIRECT},
    ),
    "noise": Sound(channel=noise, seeded="item", parameters={"snr_db": _SNR}),
}


def sound_all(
    phones: Sequence[str],
    realisation: Realisation,
    shapes: Mapping[str, Mapping[str, float]],
    item: str,
    language: str = "en",
) -> dict[str, Spoken]:
    """Return one articulation of `phones` (see `timing.segments`) in every sound of `SOUNDS`.

    The streams of all are equal but for `glottis` and, in `variables`, the glottis' opening.
    item: seeds what is drawn for it. Uses the process's one simulator.
    """
    placed = segments(phones, realisation.style.rate, language)
    simulator = load(realisation.scale, shapes, language)
    modal = SOUNDS["modal"].score(placed, realisation.style)
    flesh = simulator.flesh(modal)
    tract, _ = simulator.trajectory(modal)
    spoken: dict[str, Spoken] = {}
    waves: dict[str, Wave] = {}
    for name, sound in SOUNDS.items():
        if sound.channel is not None:
            seed = [3, *name.encode(), *(item.encode() if sound.seeded == "item" else b"")]
            wave = sound.channel(waves["modal"], np.random.default_rng(seed))
            spoken[name] = replace(spoken["modal"], audio=level(wave))
            continue
        _, glottis = simulator.trajectory(sound.score(placed, realisation.style))
        waves[name] = microphone(simulator.synthesise(tract, glottis))
        frames = ceil(len(waves[name]) * FRAME_RATE / RATE)
        streams = measure(simulator, tract, glottis, flesh, frames, realisation.scale)
        spoken[name] = Spoken(level(waves[name]), streams, placed)
    return spoken
