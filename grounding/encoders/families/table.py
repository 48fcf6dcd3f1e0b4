"""The families of models by `model_type`, and who takes a model of a type that nobody listed.

A loader is named as "module:function", takes a `Request` and a `Source`, and is imported when it
is used, so that reading the table imports no model code. To add a family, write its file and one
record; the tests of times, of padding and of layers then ask for a tiny model of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from grounding.encoders.protocol import Modality

__all__ = ["FAMILIES", "Family", "listed_family"]


@dataclass(frozen=True)
class Family:
    """A family of models that are fed, timed and run in one way.

    types: the `model_type`s of its configurations; none for a family that takes what is left.
    accepts: the wishes of a `Request` that mean something to it.
    step: from one step to the next, in words.
    description: what it reads, and how it keeps padding out.
    """

    name: str
    types: tuple[str, ...]
    modality: Modality
    loader: str
    step: str
    description: str
    accepts: tuple[str, ...] = ("dtype",)


HERE = "grounding.encoders.families"

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "wav2vec2",
            (
                "data2vec-audio",
                "hubert",
                "unispeech",
                "unispeech-sat",
                "wav2vec2",
                "wav2vec2-conformer",
                "wavlm",
            ),
            modality="speech",
            loader=f"{HERE}.waveform:load",
            step="20 ms",
            description="wav2vec 2.0, XLS-R, MMS, HuBERT, WavLM, data2vec, UniSpeech: waveform; "
            "padded with masks, group normalisation over a recording's own frames",
        ),
        Family(
            "sew",
            ("sew", "sew-d"),
            modality="speech",
            loader=f"{HERE}.sew:load",
            step="40 ms",
            description="SEW, SEW-D: waveform, squeezed context; equal lengths together",
        ),
        Family(
            "wav2vec2-bert",
            ("wav2vec2-bert",),
            modality="speech",
            loader=f"{HERE}.filter_banks:load",
            step="20 ms",
            description="filter banks scaled per recording and band; padded with masks",
        ),
        Family(
            "whisper",
            ("whisper",),
            modality="speech",
            loader=f"{HERE}.whisper:load",
            step="20 ms",
            description="log-mel padded to the window (30 s, or shorter where asked for)",
            accepts=("dtype", "window"),
        ),
        Family(
            "moonshine",
            ("moonshine",),
            modality="speech",
            loader=f"{HERE}.moonshine:load",
            step="24 ms",
            description="waveform; padded with masks, normalisation over a recording's own frames",
        ),
        Family(
            "speecht5",
            ("speecht5",),
            modality="speech",
            loader=f"{HERE}.speecht5:load",
            step="20 ms",
            description="the speech encoder: waveform; padded with masks, as wav2vec2",
        ),
        Family(
            "parakeet",
            ("parakeet_ctc", "parakeet_encoder", "parakeet_rnnt", "parakeet_tdt"),
            modality="speech",
            loader=f"{HERE}.conformer:load",
            step="80 ms",
            description="fast conformer: log-mel scaled per recording and band; padded with masks",
        ),
        Family(
            "encodec",
            ("encodec",),
            modality="speech",
            loader=f"{HERE}.codec:encodec",
            step="13.3 ms",
            description="EnCodec, mono at 24 kHz, before and after its quantiser; equal lengths",
        ),
        Family(
            "mimi",
            ("mimi",),
            modality="speech",
            loader=f"{HERE}.codec:mimi",
            step="80 ms",
            description="Mimi at 24 kHz, before and after its quantiser; equal lengths",
        ),
        Family(
            "twin that hears",
            (),
            modality="speech",
            loader=f"{HERE}.twin:load",
            step="20 ms",
            description="a folder with front.json: filter banks scaled as in training; padded "
            "with masks",
        ),
        Family(
            "twin that reads",
            (),
            modality="text",
            loader=f"{HERE}.twin:load",
            step="a share of a symbol",
            description="a folder with front.json: characters or phonemes, stretched evenly; "
            "padded with masks",
        ),
        Family(
            "other speech",
            (),
            modality="speech",
            loader=f"{HERE}.generic:load",
            step="measured",
            description="a model that hears and that nobody listed, where its step times can be "
            "derived or measured; equal lengths together",
        ),
        Family(
            "text",
            (),
            modality="text",
            loader="grounding.encoders.folders:text_encoder",
            step="a token",
            description="any text model; families of their own treatment are in text_table",
            accepts=("start", "context", "script", "dtype"),
        ),
    )
}


def listed_family(model_type: str) -> Family | None:
    """Return the family of a `model_type`, or None where no family lists it.

    >>> listed_family("hubert").name
    'wav2vec2'
    """
    for family in FAMILIES.values():
        if model_type in family.types:
            return family
    return None
