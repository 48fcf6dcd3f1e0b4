"""Rebuild `spoken-prompts` from public Debian packages, byte for byte.

    python -m pip install -r requirements.txt
    python make.py                     # audio/ and manifest.jsonl, beside this file
    python make.py --out DIR --full    # all 271 prompts instead of the shorter ones
    python make.py --check             # rebuild elsewhere and compare with this folder

Packages are kept in the cache and fetched once; files appear whole or not at all, the manifest
last.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearing import Heard, judge, read_heard

from grounding.files import write_whole
from grounding.stimuli.recorded.asterisk import LANGUAGES, PACKAGES
from grounding.stimuli.recorded.debian import fetch, unpack
from grounding.stimuli.recorded.folders import (
    differences,
    exit_status,
    read_rows,
    refuse_others,
    require,
    sha256,
    write_records,
)
from grounding.stimuli.recorded.phones import phones
from grounding.stimuli.recorded.scripts import (
    READ_AS,
    read_corrections,
    read_scripts,
    transcripts,
)
from grounding.stimuli.recorded.sound import RATE, decode_g722, flac

HERE = Path(__file__).resolve().parent
LONGEST_MEAN = 3.5  # seconds; keeps the shipped audio under 40 MB
UNRECOGNISED = 0.5  # phone error rate above which a clip is marked
TOOLS = ("av", "espeakng_loader", "panphon", "phonemizer")
COMPANIONS = (
    "CREDITS.md",
    "LICENSE-CC-BY-3.0.txt",
    "LICENSE-CC-BY-SA-3.0.txt",
    "corrections.tsv",
    "marks.tsv",
)
SEGMENTS = HERE / "segments.jsonl"  # written by 'grounding stimuli align'


@dataclass(frozen=True)
class Prompt:
    """One thing to say. id: upstream's. kind: "digits" or "phrase". group: what it is about."""

    id: str
    kind: str
    group: str

    @property
    def stem(self) -> str:
        return self.id.replace("/", "-")


def read_marks(path: Path) -> dict[tuple[str, str], list[str]]:
    """Read `marks.tsv` (language, prompt_id, mark, why): the marks of each clip."""
    marks: dict[tuple[str, str], list[str]] = {}
    for row in read_rows(path):
        marks.setdefault((row["language"], row["prompt_id"]), []).append(row["mark"])
    return marks


def short_enough(sounds: Mapping[tuple[str, str], Any], prompts: list[Prompt]) -> list[Prompt]:
    """Keep the prompts whose mean duration over the languages is at most `LONGEST_MEAN`."""
    most = LONGEST_MEAN * RATE * len(LANGUAGES)
    return [p for p in prompts if sum(len(sounds[v.code, p.id]) for v in LANGUAGES) <= most]


def aligned(path: Path) -> dict[str, dict[str, Any]]:
    """Return the attributes that alignment gives a clip, by the clip's SHA-256."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {
        row["sha256"]: {
            "segments": row["segments"],
            "aligner": row["aligner"] | {"score": row["score"]},
        }
        for row in rows
    }


def intelligibility(heard: Heard) -> dict[str, Any]:
    """Return what a recogniser made of a clip, as the manifest has it."""
    return {
        "model": "whisper-base",
        "heard": heard.text,
        "correct": heard.word_errors == 0,
        "wer": round(heard.word_errors, 4),
        "per": round(heard.phone_errors, 4),
    }


def build(root: Path, out: Path, full: bool) -> None:
    """Write audio and manifest into `out` from the packages unpacked in `root`."""
    listed = [
        Prompt(r["prompt_id"], r["kind"], r["group"]) for r in read_rows(HERE / "prompts.tsv")
    ]
    ids = tuple(prompt.id for prompt in listed)
    corrections = read_corrections(HERE / "corrections.tsv")
    texts = read_heard(HERE / "heard.tsv")
    marks = read_marks(HERE / "marks.tsv")
    segments = aligned(SEGMENTS)
    sounds = {
        (voice.code, prompt): decode_g722(voice.sound(root, prompt))
        for voice in LANGUAGES
        for prompt in ids
    }
    chosen = listed if full else short_enough(sounds, listed)
    named = {f"audio/{voice.code}/{p.stem}.flac" for voice in LANGUAGES for p in chosen}
    refuse_others(out, named)
    records = []
    for voice in LANGUAGES:
        said = transcripts(read_scripts(voice.scripts(root)), corrections, ids, voice.code)
        read = [READ_AS.get((voice.code, text), text) for text in said.values()]
        spoken = dict(zip(said.values(), phones(read, voice.code), strict=True))

        def say(text: str, spoken=spoken, language=voice.code) -> tuple[str, ...]:
            return spoken.get(text) or phones([text], language)[0]

        for prompt in chosen:
            key = voice.code, prompt.id
            data = flac(sounds[key])
            audio = f"audio/{voice.code}/{prompt.stem}.flac"
            write_whole(out / audio, data)
            heard = judge(texts[key], said[prompt.id], voice.code, said, say)
            found = ["not-recognised"] if heard.phone_errors > UNRECOGNISED else []
            record = {
                "id": f"{voice.code}-{prompt.stem}",
                "transcript": said[prompt.id],
                "language": voice.code,
                "audio": audio,
                "rate": RATE,
                "samples": len(sounds[key]),
                "sha256": sha256(data),
                "speaker": voice.speaker,
                "phones": list(say(said[prompt.id])),
                "concept": prompt.id,
                "intelligibility": intelligibility(heard),
                "marks": found + marks.get(key, []),
                "attributes": {"kind": prompt.kind, "group": prompt.group, "prompt": prompt.id}
                | segments.get(sha256(data), {}),
            }
            records.append({k: v for k, v in record.items() if v != []})
    write_records(out, records)
    print(f"{len(records)} clips of {len(chosen)} prompts in {out}")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write (default: here)")
    parser.add_argument("--full", action="store_true", help="all 271 prompts, about 52 MB")
    parser.add_argument("--check", action="store_true", help="compare a rebuild with this folder")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "spoken-prompts-debs",
        help="folder for the fetched packages (default: %(default)s)",
    )
    options = parser.parse_args(argv)
    require(TOOLS, HERE / "requirements.txt")
    debs = [fetch(package, options.cache) for package in PACKAGES]
    with tempfile.TemporaryDirectory(prefix="spoken-prompts-") as folder:
        root, made = Path(folder, "root"), Path(folder, "made")
        unpack(debs, root)
        if options.check:
            build(root, made, full=False)
            other = differences(made, HERE)
            print("\n".join(other) or "the rebuilt set is the shipped one, byte for byte")
            return 1 if other else 0
        build(root, options.out, full=options.full)
    if options.out.resolve() != HERE:
        for name in COMPANIONS:
            shutil.copyfile(HERE / name, options.out / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(exit_status(main))
