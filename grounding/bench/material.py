"""What extraction is measured on: short recordings and texts, and models with random weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from grounding.encoders.packaged import packaged_folder
from grounding.encoders.quiet import quiet_transformers
from grounding.stimuli import Stimulus, read_stimuli

__all__ = ["fresh", "packaged", "random_hubert", "random_wav2vec2", "recordings", "texts"]

WORDS = "vocal-tract-words"
REST = 18  # one recording of so many is a word cut short, or several in a row
MOST_WORDS = 16

SMALL: Mapping[str, Any] = {
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 1024,
    "conv_dim": (256,) * 7,
}


def recordings(
    count: int, folder: Path, rng: np.random.Generator, words: Sequence[Stimulus] | None = None
) -> list[Stimulus]:
    """Return `count` recordings: words of the simulator, and some cut short or put in a row.

    Of 1,000, 944 are all the words of the set and 56 are made of them; all last .2 to 2.0 s.

    folder: where those that are made are written. words: others than those of the shipped set.
    """
    words = read_stimuli(WORDS) if words is None else words
    rest = min(max(1, round(count / REST)), count - 1)
    rest = max(rest, count - len(words))
    chosen = [words[int(k)] for k in rng.permutation(len(words))[: count - rest]]
    folder.mkdir(parents=True, exist_ok=True)
    made = [_made(f"made-{number}", words, number % 2 == 0, folder, rng) for number in range(rest)]
    both = [*chosen, *made]
    return [both[int(k)] for k in rng.permutation(len(both))]


def _made(
    name: str, words: Sequence[Stimulus], cut: bool, folder: Path, rng: np.random.Generator
) -> Stimulus:
    some = [words[int(k)] for k in rng.integers(len(words), size=1 if cut else 3)]
    sound = np.concatenate([word.audio for word in some])
    if cut:
        sound = sound[: int(len(sound) * rng.uniform(0.4, 0.9))]
    soundfile.write(folder / f"{name}.flac", sound, some[0].rate, subtype="PCM_16")
    said = " ".join(word.transcript for word in some)
    return Stimulus(name, said, some[0].language, folder, f"{name}.flac", some[0].rate)


def texts(
    count: int, folder: Path, rng: np.random.Generator, words: Sequence[Stimulus] | None = None
) -> list[Stimulus]:
    """Return `count` stimuli whose transcripts, 1 to 16 words in a row, are all different.

    Their recordings, which no text model hears, are those of `recordings`.
    """
    heard = recordings(count, folder, rng, words)
    known = sorted({word for stimulus in heard for word in stimulus.transcript.split()})
    said: dict[str, None] = {}
    while len(said) < count:
        length = int(rng.integers(1, MOST_WORDS + 1))
        said[" ".join(known[int(k)] for k in rng.integers(len(known), size=length))] = None
    return [
        Stimulus(f"text-{number}", text, "en", one.folder, one.audio_path, one.rate)
        for number, (text, one) in enumerate(zip(said, heard, strict=True))
    ]


def fresh(stimuli: Sequence[Stimulus]) -> list[Stimulus]:
    """Return the same stimuli, as they are when nothing has been read of their files."""
    return [Stimulus.from_record(one.record(), one.folder) for one in stimuli]


def random_wav2vec2(folder: Path, seed: int, **settings: Any) -> str:
    """Write a small wav2vec 2.0 with random weights: 4 layers of 256, its front end half as wide.

    settings: of its configuration, in the place of these.
    """
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    return _written(folder, seed, lambda: Wav2Vec2Model(Wav2Vec2Config(**{**SMALL, **settings})))


def random_hubert(folder: Path, seed: int, **settings: Any) -> str:
    """Write a model of the shape of HuBERT base, 12 layers of 768, with random weights."""
    from transformers import HubertConfig, HubertModel

    return _written(folder, seed, lambda: HubertModel(HubertConfig(**settings)))


def packaged(name: str, folder: Path, seed: int) -> str:
    """Return the name of packaged weights, once they are in the cache."""
    packaged_folder(name)
    return name


def _written(folder: Path, seed: int, make: Callable[[], Any]) -> str:
    import torch
    from transformers import Wav2Vec2FeatureExtractor

    with torch.random.fork_rng(devices=[]), quiet_transformers():
        torch.manual_seed(seed)
        make().save_pretrained(folder)
    Wav2Vec2FeatureExtractor(return_attention_mask=False).save_pretrained(folder)
    return str(folder)
