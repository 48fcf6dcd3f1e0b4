"""What recordings must be: compare a set that was made with its `hashes.tsv`.

The bytes of FLAC depend on its encoder, the last bits of samples on the decoder of Vorbis. So the
table holds for each clip the SHA-256 of the file, the number of samples with (the start of) the
SHA-256 of the samples, and the level of each eighth of the clip in dB of full scale. A clip of
other samples is within tolerance if it has as many of them and no level differs by more than 0.1
dB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int16

from grounding.errors import UserError
from grounding.stimuli.recorded.folders import sha256
from grounding.stimuli.sets import HASHES

__all__ = ["COLUMNS", "Comparison", "compare", "row", "table", "verify"]

COLUMNS = ("id", "samples", "sha256", "samples_sha256", "levels")
PARTS = 8
TOLERANCE = 0.1  # dB


@dataclass(frozen=True)
class Comparison:
    """How many clips are equal to the byte, in all samples, nearly; and the ids of the others."""

    bytes: int
    samples: int
    near: int
    others: tuple[str, ...]


def row(id: str, samples: Int16[np.ndarray, " sample"], file: bytes) -> dict[str, str]:
    """Return a clip's row of the table."""
    return {
        "id": id,
        "samples": str(len(samples)),
        "sha256": sha256(file),
        "samples_sha256": hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()[:16],
        "levels": " ".join(f"{level:.2f}" for level in part_levels(samples)),
    }


def part_levels(samples: Int16[np.ndarray, " sample"]) -> Float[np.ndarray, " part"]:
    """Return the mean square of each eighth of a clip in dB of full scale; silence is -100."""
    parts = np.array_split(samples.astype(np.float64) / 2**15, PARTS)
    return 10 * np.log10([max(float((part**2).mean()), 1e-10) for part in parts])


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the table as text."""
    lines = [COLUMNS, *([row[name] for name in COLUMNS] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def compare(made: Sequence[Mapping[str, str]], known: Sequence[Mapping[str, str]]) -> Comparison:
    """Compare the rows of clips that were made with those of the table."""
    table = {row["id"]: row for row in known}
    counts = {"bytes": 0, "samples": 0, "near": 0}
    others = []
    for clip in made:
        kind = _nearness(clip, table.get(clip["id"]))
        if kind in counts:
            counts[kind] += 1
        else:
            others.append(clip["id"])
    return Comparison(counts["bytes"], counts["samples"], counts["near"], tuple(others))


def verify(
    made: Sequence[Mapping[str, str]], known: Sequence[Mapping[str, str]], *, whole: bool = False
) -> str:
    """Return in words how the clips that were made compare with those of the table.

    whole: all of the table must have been made. Raises `UserError` when one clip is another than
    it must be.
    """
    found = compare(made, known)
    missing = {row["id"] for row in known} - {row["id"] for row in made} if whole else set()
    if others := [*found.others, *sorted(missing)]:
        raise UserError(
            f"{len(others)} of {len(made) + len(missing)} clips are not what {HASHES} says (the "
            f"first is {others[0]}), so no manifest was written. Install requirements.txt in this "
            "environment and run it again."
        )
    return (
        f"{found.bytes} equal to the byte, {found.samples} more in every sample, {found.near} "
        f"within {TOLERANCE} dB"
    )


def _nearness(clip: Mapping[str, str], known: Mapping[str, str] | None) -> str:
    if known is None or clip["samples"] != known["samples"]:
        return "other"
    if clip["sha256"] == known["sha256"]:
        return "bytes"
    if clip["samples_sha256"] == known["samples_sha256"]:
        return "samples"
    a, b = (np.array(r["levels"].split(), dtype=float) for r in (clip, known))
    return "near" if np.abs(a - b).max() <= TOLERANCE else "other"
