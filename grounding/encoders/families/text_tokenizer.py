"""The tokenizer of a text model: loading it, where a text starts, and how long one may be."""

from __future__ import annotations

import json
from typing import Any

from grounding.encoders.cache import file_sha256
from grounding.encoders.families.text_reading import knows_places
from grounding.encoders.families.text_table import TextFamily
from grounding.encoders.quiet import quiet_transformers
from grounding.encoders.weights import Source
from grounding.errors import UserError, WeightsError

__all__ = ["TOKENIZER_FILES", "load_tokenizer", "longest", "start_of", "tokenizer_sums"]

TOKENIZER_FILES = ("*token*", "vocab*", "merges.txt", "*.model")
"""Where a tokenizer is kept."""

UNBOUNDED = 10**6
"""A tokenizer that knows no limit gives a number beyond this one."""


def load_tokenizer(source: Source) -> Any:
    """Return the tokenizer in the model's folder; raises `WeightsError` for none or a broken one.

    A repository's own tokenizer code is run only where `source` lets it.
    """
    from transformers import AutoTokenizer

    if not any(list(source.files.glob(pattern)) for pattern in TOKENIZER_FILES):
        raise WeightsError(
            f"{source.files} holds no tokenizer, so {source.name} cannot be fed transcripts."
        )
    try:
        with quiet_transformers():
            return AutoTokenizer.from_pretrained(
                source.files, trust_remote_code=source.trust_remote_code, local_files_only=True
            )
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"transformers cannot load the tokenizer of {source.name} from "
            f"{source.files}: {str(error).splitlines()[0]}"
        ) from error


def tokenizer_sums(source: Source) -> dict[str, str]:
    """Return the sha256 of each of the tokenizer's files."""
    files = [path for pattern in TOKENIZER_FILES for path in sorted(source.files.glob(pattern))]
    return {path.name: file_sha256(path) for path in files if path.is_file()}


def start_of(start: str | None, tokenizer: Any, family: TextFamily, config: Any, name: str) -> str:
    """Return what is put before a transcript: the `start` asked for, or the model's own.

    Raises `UserError` for a start that could not be left out again.
    """
    if start and not knows_places(tokenizer):
        raise UserError(
            f"the tokenizer of {name} does not tell where its tokens are in the text, so "
            f"the start {start!r} cannot be left out again. Use start=''."
        )
    if start is not None or not knows_places(tokenizer):
        return start or ""
    causal = family.half == "decoder" or any(
        kind.endswith(("ForCausalLM", "LMHeadModel")) for kind in config.architectures or ()
    )
    if not causal or tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"][0]:
        return ""
    token = tokenizer.bos_token or tokenizer.eos_token
    return f"{token} " if token else ""


def longest(source: Source, tokenizer: Any, config: Any, family: TextFamily) -> int | None:
    """Return the longest input, in tokens; None where neither model nor tokenizer has a limit."""
    limits = [tokenizer.model_max_length]
    positions = getattr(config, "max_position_embeddings", None)
    if positions:
        limits.append(positions - family.reserved(config))
    sentence = source.files / "sentence_bert_config.json"
    if sentence.is_file():
        limits.append(json.loads(sentence.read_text("utf-8")).get("max_seq_length"))
    known = [limit for limit in limits if limit is not None and 0 < limit < UNBOUNDED]
    return min(known, default=None)
