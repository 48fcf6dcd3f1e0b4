"""Small folders of recordings, made once a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from grounding.stimuli import Articulation, Stream, write_articulation

RATE = 8000


@pytest.fixture
def tone() -> np.ndarray:
    """A quarter of a second of a 440 Hz tone at 8 kHz."""
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE // 4) / RATE)).astype(np.float32)


@pytest.fixture
def track() -> Articulation:
    """Two streams of 25 frames at 100 Hz."""
    rng = np.random.default_rng(1)
    return Articulation(
        100.0,
        {
            "flesh": Stream("flesh", rng.normal(size=(25, 2)), ("TT.x", "TT.y"), ("mm", "mm")),
            "open": Stream("open", np.ones((25, 1)), ("lips",), ("1",)),
        },
    )


@pytest.fixture
def folder(tmp_path: Path, tone: np.ndarray, track: Articulation) -> Path:
    """A whole set of three stimuli of two transcripts, one with articulation."""
    folder = tmp_path / "set"
    folder.mkdir()
    for k, name in enumerate("abc"):
        soundfile.write(folder / f"{name}.flac", tone * (1 - 0.1 * k), RATE)
    write_articulation(folder / "a.npz", track)
    records = [
        {
            "id": name,
            "transcript": transcript,
            "language": "en",
            "audio": f"{name}.flac",
            "rate": RATE,
        }
        for name, transcript in (("a", "one"), ("b", "two"), ("c", "two"))
    ]
    records[0] |= {
        "articulation": "a.npz",
        "samples": len(tone),
        "phones": ["w", "ʌ", "n"],
        "speaker": "Ann",
        "concept": "1",
        "realisation": {"name": "fast", "rate": 1.25},
        "intelligibility": {"model": "toy", "heard": "one", "correct": True},
        "marks": ["clear"],
        "attributes": {"category": "number", "families": ["one", "won"]},
    }
    write_lines(folder, records)
    return folder


def write_lines(folder: Path, records: list[dict]) -> None:
    """Write a manifest without any check."""
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture
def change(folder: Path) -> Callable[..., None]:
    """Change or take away fields of one line: change(1, rate=3, audio=None)."""

    def apply(line: int, **fields) -> None:
        lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        record = json.loads(lines[line - 1]) | fields
        lines[line - 1] = json.dumps({k: v for k, v in record.items() if v is not None})
        (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    return apply
