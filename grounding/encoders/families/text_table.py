"""The families of text models: one row a family, and one row for any other model.

A row says what differs between families beyond what their configurations say: which half is read,
whether a batch may be padded, and where the hidden states lie among the modules. Each row is
tested on a tiny model of its kind. A model of a type that no row names gets the last row: it is
read like the others, but its batches hold transcripts of one length only, since nobody has seen
how it treats padding.

A row for decoders says that padding is exact: it follows the text, and no step looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from grounding.encoders.families.text_layers import (
    Edge,
    block_edges,
    canine_edges,
    repeated_edges,
)

__all__ = ["OTHER_TEXT", "TEXT_FAMILIES", "TextFamily", "text_family"]

Half = Literal["encoder", "decoder", "encoder of two halves", "as its configuration says"]


@dataclass(frozen=True)
class TextFamily:
    """A family of text models.

    types: `model_type` of the configurations.
    half: what is read. The decoder of a model with two halves is not: its states depend on a
        second text.
    padded: whether a step is the same number alone and in a padded batch.
    reserved: positions of the configuration's `max_position_embeddings` that no token takes.
    multiple: an input is padded to a whole multiple of this, with one multiple to spare.
    depth: layers above the input embedding, from the configuration.
    edges: where in the model the hidden states pass, input side first (see `text_layers`).
    """

    name: str
    types: tuple[str, ...]
    half: Half
    description: str
    padded: bool = True
    reserved: Callable[[Any], int] = lambda config: 0
    multiple: Callable[[Any], int] = lambda config: 1
    depth: Callable[[Any], int] = lambda config: int(config.num_hidden_layers)
    edges: Callable[[Any, int], list[Edge]] = block_edges


def _after_pad(config: Any) -> int:
    """Positions are counted from the one after the padding token's number."""
    return int(config.pad_token_id) + 1


def _family(name: str, half: Half, description: str, *more: str, **differs: Any) -> TextFamily:
    return TextFamily(name, (name, *more), half, description, **differs)


TEXT_FAMILIES: tuple[TextFamily, ...] = (
    _family("bert", "encoder", "masked language model; learned positions"),
    _family(
        *("roberta", "encoder", "BERT on bytes; positions counted after the padding token"),
        *("camembert", "data2vec-text", "xlm-roberta-xl", "roberta-prelayernorm"),
        reserved=_after_pad,
    ),
    _family("xlm-roberta", "encoder", "RoBERTa of 100 languages", reserved=_after_pad),
    _family("deberta-v2", "encoder", "relative positions, a convolution beside its first layer"),
    _family("modernbert", "encoder", "rotary positions, local and global attention by turns"),
    _family(
        *("albert", "encoder", "one layer, read again and again"),
        depth=lambda config: int(config.num_hidden_layers * config.inner_group_num),
        edges=repeated_edges,
    ),
    _family("electra", "encoder", "BERT trained to tell replaced tokens"),
    _family("distilbert", "encoder", "BERT at half the depth"),
    _family(
        *("mpnet", "encoder", "relative and learned positions"),
        reserved=_after_pad,
    ),
    _family("nomic_bert", "encoder", "rotary positions, gated feed-forward layers"),
    _family("eurobert", "encoder", "Llama's layers without the mask of the future"),
    _family(
        *("canine", "encoder", "characters, shortened for the deep layers and lengthened again"),
        padded=False,
        reserved=lambda config: 2 * int(config.downsampling_rate),
        multiple=lambda config: int(config.downsampling_rate),
        depth=lambda config: int(config.num_hidden_layers) + 4,
        edges=canine_edges,
    ),
    _family("gpt2", "decoder", "learned positions", "gpt_bigcode"),
    _family("gpt_neo", "decoder", "local and global attention by turns"),
    _family("gpt_neox", "decoder", "rotary positions (Pythia)"),
    _family("gptj", "decoder", "rotary positions, attention beside the feed-forward layer"),
    _family("opt", "decoder", "learned positions after two that are kept free"),
    _family("bloom", "decoder", "attention that falls off with distance"),
    _family("falcon", "decoder", "one key for all heads"),
    _family("llama", "decoder", "rotary positions (Llama, SmolLM2)", "smollm3"),
    _family("mistral", "decoder", "Llama with a sliding window", "ministral"),
    _family("qwen2", "decoder", "Llama with biases"),
    _family("qwen3", "decoder", "Llama with normalised queries and keys"),
    _family("gemma", "decoder", "Llama with scaled embeddings", "gemma2"),
    _family("gemma3_text", "decoder", "Gemma with local and global attention"),
    _family("phi", "decoder", "partly rotary positions"),
    _family("phi3", "decoder", "Llama with fused projections"),
    _family("olmo2", "decoder", "Llama normalised after its parts", "olmo"),
    _family("stablelm", "decoder", "partly rotary positions"),
    _family(
        *("t5", "encoder of two halves", "relative positions; ByT5 reads bytes"),
        *("mt5", "umt5"),
    ),
    _family("bart", "encoder of two halves", "learned positions"),
    _family("mbart", "encoder of two halves", "BART of many languages"),
    _family("m2m_100", "encoder of two halves", "translation of 100 languages; NLLB"),
    _family("marian", "encoder of two halves", "translation; sinusoidal positions"),
    _family("pegasus", "encoder of two halves", "summaries; sinusoidal positions"),
)
"""Families whose every row is tested."""

OTHER_TEXT = TextFamily(
    "other",
    (),
    "as its configuration says",
    "any other text model that gives hidden states, never padded",
    padded=False,
)


def text_family(model_type: str) -> TextFamily:
    """Return the row of a `model_type`; the last row for one that no family names.

    >>> text_family("mt5").name, text_family("made-up").name
    ('t5', 'other')
    """
    rows = {kind: family for family in TEXT_FAMILIES for kind in family.types}
    return rows.get(model_type, OTHER_TEXT)
