"""Make `spoken-concepts` on your machine, from a public Debian package.

    python -m pip install -r requirements.txt
    python make.py                     # into the cache of grounding, where the name finds it
    python make.py --out DIR           # elsewhere: then give DIR in the place of the name
    python make.py --only fr ru        # these languages alone

The package is kept in the cache and fetched once. Every clip is compared with `hashes.tsv`; the
manifest is written last, and only if all are what they must be.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from marks import clipped, noisy, other_meanings

from grounding.errors import AudioError, UserError
from grounding.files import cache_folder, write_whole
from grounding.stimuli.recorded import hashes
from grounding.stimuli.recorded.debian import fetch, unpack
from grounding.stimuli.recorded.durations import unexpected
from grounding.stimuli.recorded.folders import (
    exit_status,
    read_rows,
    refuse_others,
    require,
    sha256,
    write_records,
)
from grounding.stimuli.recorded.phones import phones
from grounding.stimuli.recorded.sound import (
    RATE,
    decode_vorbis,
    flac,
    levels,
    one_channel,
    range_db,
    spoken_seconds,
    to_16_bit,
    trimmed,
)
from grounding.stimuli.recorded.tuxpaint import (
    GAIN,
    PACKAGE,
    READERS,
    Language,
    read_texts,
    recording,
    speaker,
    spoken_text,
    stamps,
)
from grounding.stimuli.sets import HASHES, made_folder

HERE = Path(__file__).resolve().parent
NAME = "spoken-concepts"
LANGUAGES = tuple(READERS[code] for code in ("fr", "es", "ru"))
TOOLS = ("espeakng_loader", "panphon", "phonemizer")


@dataclass(frozen=True)
class Clip:
    """One recording. spoken: how long the speech lasts, s. file: the bytes of its FLAC."""

    samples: np.ndarray
    file: bytes
    speaker: str
    spoken: float
    marks: tuple[str, ...]


def stem(concept: str) -> str:
    """Return a concept as part of an id and of a file's name."""
    return concept.replace("/", "-")


def clip(path: Path, language: Language) -> Clip:
    """Decode, trim and measure one recording."""
    values, rate = decode_vorbis(path)
    sound = one_channel(values, rate)
    of = levels(sound)
    try:
        samples = to_16_bit(trimmed(sound), GAIN)
    except AudioError as error:
        raise AudioError(f"{path.name} {error}") from error
    found = [("clipped", clipped(values)), ("noisy", noisy(range_db(of)))]
    return Clip(
        samples,
        flac(samples),
        speaker(language, values),
        spoken_seconds(of),
        tuple(name for name, there in found if there),
    )


def distinct(said: dict[str, str], code: str) -> None:
    """Raise `UserError` when two concepts of a language have one transcript."""
    first: dict[str, str] = {}
    for concept, text in said.items():
        other = first.setdefault(text.casefold(), concept)
        if other != concept:
            raise UserError(f"{code}: {other} and {concept} both say {text!r}; take one out")


def odd_durations(clips: dict[str, Clip], spelt: dict[str, tuple[str, ...]]) -> set[str]:
    """Return the concepts that last otherwise than their phones lead one to expect."""
    of_speaker = defaultdict(list)
    for concept, found in clips.items():
        of_speaker[found.speaker].append(concept)
    odd: set[str] = set()
    for concepts in of_speaker.values():
        seconds = np.array([clips[c].spoken for c in concepts])
        lengths = np.array([float(len(spelt[c])) for c in concepts])
        odd.update(c for c, far in zip(concepts, unexpected(seconds, lengths), strict=True) if far)
    return odd


def build(root: Path, out: Path, languages: Sequence[Language]) -> tuple[list, list]:
    """Write the audio into `out`; return the manifest's records and the rows of hashes."""
    concepts = [row["concept"] for row in read_rows(HERE / "concepts.tsv")]
    other = other_meanings(read_rows(HERE / "marks.tsv"))
    texts = {concept: read_texts(stamps(root) / f"{concept}.txt") for concept in concepts}
    refuse_others(out, {f"audio/{v.code}/{stem(c)}.flac" for v in languages for c in concepts})
    records: list[dict[str, Any]] = []
    rows = []
    for language in languages:
        code = language.code
        said = {c: spoken_text(texts[c][code]) for c in concepts}
        distinct(said, code)
        spelt = dict(zip(concepts, phones(list(said.values()), code), strict=True))
        clips = {c: clip(stamps(root) / recording(c, code), language) for c in concepts}
        odd = odd_durations(clips, spelt)
        for concept, found in clips.items():
            id, audio = f"{code}-{stem(concept)}", f"audio/{code}/{stem(concept)}.flac"
            write_whole(out / audio, found.file)
            rows.append(hashes.row(id, found.samples, found.file))
            marks = [*found.marks]
            marks += ["duration"] if concept in odd else []
            marks += ["other-meaning"] if (code, concept) in other else []
            record = {
                "id": id,
                "transcript": said[concept],
                "language": code,
                "audio": audio,
                "rate": RATE,
                "samples": len(found.samples),
                "sha256": sha256(found.file),
                "speaker": found.speaker,
                "phones": list(spelt[concept]),
                "concept": concept,
                "marks": marks,
                "attributes": {
                    "english": texts[concept]["en"],
                    "italian": texts[concept]["it"],
                    "category": concept.rpartition("/")[0],
                    "stamp": recording(concept, code),
                },
            }
            records.append({name: value for name, value in record.items() if value != []})
    return records, rows


def copy_licence(root: Path, out: Path) -> None:
    """Put the package's own statement of copyright and licence beside the clips."""
    stated = root / "usr/share/doc" / PACKAGE.name / "copyright"
    write_whole(out / "copyright", stated.read_bytes())


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--out", type=Path, default=made_folder(NAME), help="folder to write (default: %(default)s)"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=cache_folder() / "packages",
        help="folder for the fetched package, 161 MB (default: %(default)s)",
    )
    codes = [language.code for language in LANGUAGES]
    parser.add_argument("--only", nargs="+", choices=codes, default=codes, help="languages")
    parser.add_argument(
        "--rehash", action="store_true", help=f"write {HASHES} here anew, after a change of rules"
    )
    options = parser.parse_args(argv)
    if options.rehash and options.only != codes:
        parser.error("--rehash needs all languages: leave --only out")
    if options.out.resolve().is_relative_to(HERE):
        raise UserError(f"{options.out} is shipped, and the clips may not be. Give another --out.")
    require(TOOLS, HERE / "requirements.txt")
    chosen = [language for language in LANGUAGES if language.code in options.only]
    deb = fetch(PACKAGE, options.cache)
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-") as folder:
        unpack([deb], Path(folder))
        records, rows = build(Path(folder), options.out, chosen)
        copy_licence(Path(folder), options.out)
    if options.rehash:
        write_whole(HERE / HASHES, hashes.table(rows).encode())
    words = hashes.verify(rows, read_rows(HERE / HASHES))
    write_records(options.out, records)
    print(f"{len(records)} clips in {options.out}: {words}")
    return 0


if __name__ == "__main__":
    raise SystemExit(exit_status(main))
