"""What a Whisper hears in a lone word: what it writes, and how likely it finds each of many texts.

Two measures of how intelligible a recording is, both with the faithful 30-second window and 0.25 s
of silence before the word:

- open: the greedy transcription.
- closed: the log-probability of every text of a list, each followed by a full stop or the end.
  `placed` gives the place of the right one among those that could be taken for another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from grounding.errors import UserError
from grounding.files import write_whole

if TYPE_CHECKING:
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

__all__ = ["Listener", "lone", "placed", "recognise", "recognition", "similarity"]

SILENCE = 4000  # samples before the word: 0.25 s
RATE = 16_000

Heard = dict[str, Any]


def lone(word: str) -> str:
    """Return a word as Whisper writes it where it is all that was said (the stop apart).

    >>> lone("hund")
    ' Hund'
    """
    return " " + word.capitalize()


class Listener:
    """Whisper with its decoder opened up, to score many short texts against one recording.

    texts: what it may have to score, as it would write them (`lone`).
    language: ISO 639-1 for a multilingual Whisper; empty for an English-only one.
    most: tokens of a transcription, its start tokens apart; transformers may write one more.

    Raises `UserError` for a language that the model does not have.
    """

    def __init__(
        self,
        model: WhisperForConditionalGeneration,
        processor: WhisperProcessor,
        texts: Sequence[str],
        *,
        language: str = "",
        most: int = 12,
    ) -> None:
        self.model, self.processor, self.language = model, processor, language
        known = {name[2:-2] for name in getattr(model.generation_config, "lang_to_id", None) or {}}
        if language not in (known or {""}):
            raise UserError(
                f"the recogniser was told language {language!r}; it knows "
                f"{' '.join(sorted(known)) or 'English alone and is told none'}"
            )
        tokenizer = processor.tokenizer
        told = (f"<|{language}|>", "<|transcribe|>") if language else ()
        self.start = [
            tokenizer.convert_tokens_to_ids(token)
            for token in ("<|startoftranscript|>", *told, "<|notimestamps|>")
        ]
        self.stops = [
            tokenizer.encode(".", add_special_tokens=False)[0],
            tokenizer.convert_tokens_to_ids("<|endoftext|>"),
        ]
        self.texts = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
        self.longest = len(self.start) + most
        self._lay_out()

    def _lay_out(self) -> None:
        """Put the start and all texts into one sequence; a text sees itself and the start."""
        tokens, places = list(self.start), list(range(len(self.start)))
        owner = [-1] * len(self.start)
        for k, text in enumerate(self.texts):
            tokens += text
            places += range(len(self.start), len(self.start) + len(text))
            owner += [k] * len(text)
        self.tokens, self.places = torch.tensor(tokens), torch.tensor(places)
        group = torch.tensor(owner)
        order = torch.arange(len(tokens))
        same = (group[:, None] == group[None, :]) | (group[None, :] == -1)
        self.mask = same & (order[:, None] >= order[None, :])

    @torch.inference_mode()
    def hear(self, audio: Float[np.ndarray, " sample"]) -> tuple[str, Float[np.ndarray, " text"]]:
        """Return the greedy transcription of 16 kHz audio and the log-probability of each text."""
        padded = np.concatenate([np.zeros(SILENCE, np.float32), audio])
        heard = self.processor(padded, sampling_rate=RATE, return_tensors="pt")
        features = heard.input_features
        encoded = self.model.model.encoder(features)
        told: dict[str, Any] = {"language": self.language, "task": "transcribe"}
        ids = self.model.generate(
            encoder_outputs=encoded,
            attention_mask=torch.ones(features.shape[::2], dtype=torch.long),
            do_sample=False,
            num_beams=1,
            max_length=self.longest,
            **(told if self.language else {}),
        )
        text = self.processor.batch_decode(ids, skip_special_tokens=True)[0]
        return text.strip(), self.score(encoded.last_hidden_state)

    @torch.inference_mode()
    def score(self, encoded: torch.Tensor) -> Float[np.ndarray, " text"]:
        """Return log p(text, then stop) of all texts in one pass of the decoder."""
        decoder = self.model.model.decoder
        state = decoder.embed_tokens(self.tokens) + decoder.embed_positions.weight[self.places]
        state = state[None]
        for layer in decoder.layers:
            state = state + _attend(
                layer.self_attn, layer.self_attn_layer_norm(state), None, self.mask
            )
            state = state + _attend(
                layer.encoder_attn, layer.encoder_attn_layer_norm(state), encoded, None
            )
            hidden = layer.fc1(layer.final_layer_norm(state))
            state = state + layer.fc2(torch.nn.functional.gelu(hidden))
        logits = self.model.proj_out(decoder.layer_norm(state[0]))
        logs = torch.log_softmax(logits, dim=-1)
        scores, at = [], len(self.start)
        for text in self.texts:
            rows = [len(self.start) - 1, *range(at, at + len(text))]
            at += len(text)
            total = sum(float(logs[r, t]) for r, t in zip(rows, text, strict=False))
            scores.append(total + float(torch.logsumexp(logs[rows[-1], self.stops], 0)))
        return np.array(scores)


def _attend(
    attention: Any, state: torch.Tensor, other: torch.Tensor | None, mask: torch.Tensor | None
) -> torch.Tensor:
    source = state if other is None else other
    width = state.shape[-1]

    def heads(values: torch.Tensor) -> torch.Tensor:
        return values.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)

    mixed = torch.nn.functional.scaled_dot_product_attention(
        heads(attention.q_proj(state)),
        heads(attention.k_proj(source)),
        heads(attention.v_proj(source)),
        attn_mask=mask,
    )
    return attention.out_proj(mixed.transpose(1, 2).reshape(*state.shape[:2], width))


def placed(
    scores: Float[np.ndarray, " text"], own: int, rivals: Bool[np.ndarray, " text"]
) -> tuple[int, float]:
    """Return the rank of text `own` among it and its `rivals` (1 is best), and its margin.

    The margin is its log-probability minus that of the strongest rival.

    >>> placed(np.array([-1.0, -0.5, -9.0]), 0, np.array([False, True, True]))
    (2, -0.5)
    """
    others = scores[rivals]
    return 1 + int((others > scores[own]).sum()), round(float(scores[own] - others.max()), 2)


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Return 1 - (edit distance over the longer length) of two sequences of phones.

    >>> similarity(["k", "æ", "t"], ["k", "æ", "b"])
    0.6666666666666667
    """
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return 1 - row[-1] / max(len(one), len(other))


def recognise(
    records: Sequence[Mapping[str, Any]], judge: Callable[[Mapping[str, Any]], Heard], target: Path
) -> dict[str, Heard]:
    """Return what `judge` says of each manifest record, by id, and write it to `target`.

    What the file already says of the same audio (its sha256) is kept; it is written every 50
    records, so an interrupted run goes on where it stopped.
    """
    from tqdm import tqdm

    before = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}
    heard: dict[str, Heard] = {}
    for done, record in enumerate(tqdm(records, unit="item"), 1):
        known = before.get(record["id"])
        if known is None or known["sha256"] != record["sha256"]:
            known = judge(record) | {"sha256": record["sha256"]}
        heard[record["id"]] = known
        if done % 50 == 0 or done == len(records):
            whole = before | heard if done < len(records) else heard
            text = json.dumps(whole, indent=0, sort_keys=True, ensure_ascii=False)
            write_whole(target, (text + "\n").encode())
    return heard


def recognition(heard: Mapping[str, Heard], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the lines of a table: shares of each group of ids, and their median rank."""
    lines = ["group items correct similarity rank-1 median-rank recognised"]
    for name, ids in groups.items():
        found = [heard[i] for i in ids]
        columns = [
            np.mean([f["correct"] for f in found]),
            np.mean([f["phone_similarity"] for f in found]),
            np.mean([f["rank"] == 1 for f in found]),
            np.median([f["rank"] for f in found]),
            np.mean([f["recognised"] for f in found]),
        ]
        lines.append(" ".join([name, str(len(ids)), *(f"{value:.3f}" for value in columns)]))
    return lines
