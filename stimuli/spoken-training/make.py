"""Make `spoken-training` on your machine, from public Debian packages.

    python -m pip install -r requirements.txt
    python make.py                     # into the cache of grounding, where the name finds it
    python make.py --out DIR           # elsewhere: then give DIR in the place of the name

Packages are kept in the cache and fetched once. Every recording is compared with `hashes.tsv`; the
manifest is written last, and only if all are what they must be. `exclusions.tsv` beside it counts
what is left out, by reason.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from leaving import counted, left_out, scored_concepts, scored_set
from sounds import Clip, hear, odd_durations, repeated
from sources import SOURCES, Utterance
from texts import read_repairs, repaired, without_text

from grounding.errors import AudioError, UserError
from grounding.files import cache_folder, write_whole
from grounding.stimuli import read_stimuli, shipped_sets
from grounding.stimuli.recorded import hashes
from grounding.stimuli.recorded.debian import fetch, unpack
from grounding.stimuli.recorded.folders import (
    exit_status,
    read_rows,
    refuse_others,
    require,
    sha256,
    write_records,
)
from grounding.stimuli.recorded.phones import phones
from grounding.stimuli.recorded.sound import RATE, flac
from grounding.stimuli.sets import HASHES, made_folder

HERE = Path(__file__).resolve().parent
NAME = "spoken-training"
CONCEPTS = HERE.parent / "spoken-concepts"
EXCLUSIONS = "exclusions.tsv"
TOOLS = ("av", "espeakng_loader", "panphon", "phonemizer")


def spell(utterances: Sequence[Utterance], texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the phones of each utterance's text, by id."""
    spelt: dict[str, tuple[str, ...]] = {}
    for code in dict.fromkeys(u.language for u in utterances):
        ids = [u.id for u in utterances if u.language == code]
        spelt.update(zip(ids, phones([texts[id] for id in ids], code), strict=True))
    return spelt


def hear_all(utterances: Sequence[Utterance], draft: Path) -> dict[str, Clip]:
    """Write every recording into `draft`; return what is known of each that could be written."""
    clips = {}
    for u in utterances:
        try:
            samples, spoken, who = hear(u)
        except AudioError:
            continue
        file = flac(samples)
        write_whole(draft / u.audio, file)
        clips[u.id] = Clip(len(samples) / RATE, spoken, who, hashes.row(u.id, samples, file))
    return clips


def build(root: Path, out: Path) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Write the audio and `exclusions.tsv` into `out`; return the records and rows of hashes."""
    utterances = [u for source in SOURCES.values() for u in source.utterances(root)]
    repairs, unusable = read_repairs(HERE / "repairs.tsv"), read_rows(HERE / "unusable.tsv")
    texts = {u.id: repaired(u.text, u.language, u.recording, repairs) for u in utterances}
    clips = hear_all(utterances, root / "draft")
    reasons = {u.id: why for u in utterances if (why := without_text(u, texts[u.id], unusable))}
    reasons = {u.id: "beyond full scale" for u in utterances if u.id not in clips} | reasons
    heard = [u for u in utterances if u.id not in reasons]
    spelt = spell(heard, texts)
    scored = [*map(scored_set, map(read_stimuli, shipped_sets())), scored_concepts(CONCEPTS, root)]
    files = {id: clip.row["sha256"] for id, clip in clips.items()}
    reasons |= left_out(heard, texts, files, scored)
    for why, ids in (
        ("the same file again", repeated(heard, clips)),
        ("odd duration", odd_durations(heard, clips, spelt)),
    ):
        reasons |= {id: why for id in ids if id not in reasons}
    kept = [u for u in utterances if u.id not in reasons]
    refuse_others(out, {u.audio for u in kept})
    records = []
    for u in kept:
        file, clip = (root / "draft" / u.audio).read_bytes(), clips[u.id]
        write_whole(out / u.audio, file)
        records.append(
            {
                "id": u.id,
                "transcript": texts[u.id],
                "language": u.language,
                "audio": u.audio,
                "rate": RATE,
                "samples": int(clip.row["samples"]),
                "sha256": sha256(file),
                "speaker": clip.speaker,
                "phones": list(spelt[u.id]),
                "attributes": {"source": u.source, "recording": u.recording},
            }
        )
    table = counted(utterances, reasons, {id: clip.seconds for id, clip in clips.items()})
    lines = [list(table[0]), *(row.values() for row in table)]
    text = "".join("\t".join(line) + "\n" for line in lines)
    write_whole(out / EXCLUSIONS, text.encode("utf-8"))
    return records, [dict(clips[u.id].row) for u in kept]


def copy_licences(root: Path, out: Path) -> None:
    """Put the packages' own statements of copyright and licence beside the recordings."""
    for source in SOURCES.values():
        for package in source.packages:
            stated = root / "usr/share/doc" / package.name / "copyright"
            write_whole(out / "copyright" / package.name, stated.read_bytes())


def costs(table: Sequence[Mapping[str, str]]) -> str:
    """Return in lines how many utterances and minutes each reason costs."""
    found = defaultdict(lambda: [0, 0.0])
    for row in table:
        found[row["reason"]][0] += int(row["utterances"])
        found[row["reason"]][1] += float(row["minutes"])
    by_minutes = sorted(found.items(), key=lambda item: -item[1][1])
    return "\n".join(
        f"left out, {reason}: {number}, {minutes:.1f} min"
        for reason, (number, minutes) in by_minutes
    )


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
        help="folder for the fetched packages, 395 MB (default: %(default)s)",
    )
    parser.add_argument(
        "--rehash", action="store_true", help=f"write {HASHES} here anew, after a change of rules"
    )
    options = parser.parse_args(argv)
    if options.out.resolve().is_relative_to(HERE):
        raise UserError(
            f"{options.out} is shipped, and the recordings may not be. Give another --out."
        )
    require(TOOLS, HERE / "requirements.txt")
    debs = [fetch(p, options.cache) for source in SOURCES.values() for p in source.packages]
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-") as folder:
        unpack(debs, Path(folder))
        records, rows = build(Path(folder), options.out)
        copy_licences(Path(folder), options.out)
    if options.rehash:
        write_whole(HERE / HASHES, hashes.table(rows).encode())
    words = hashes.verify(rows, read_rows(HERE / HASHES), whole=True)
    write_records(options.out, records)
    hours = sum(record["samples"] for record in records) / RATE / 3600
    print(f"{len(records)} recordings, {hours:.2f} h, in {options.out}: {words}")
    print(costs(read_rows(options.out / EXCLUSIONS)))
    return 0


if __name__ == "__main__":
    raise SystemExit(exit_status(main))
