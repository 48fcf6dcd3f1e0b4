"""Align a set, and write what was found: as a set of its own, or as a table of segments.

A set: copies of recordings and articulation, and a manifest whose lines have `attributes.segments`
and `attributes.aligner`. A stimulus that failed has no segments, and `aligner.failure` says why.

A table, `segments.jsonl`: one JSON object a line, in the order of the set: id, sha256 of the
recording, aligner, and segments and score, or failure.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from typing import Any

from grounding.errors import ManifestError, UserError
from grounding.files import write_whole
from grounding.stimuli.aligning.aligned import Aligned
from grounding.stimuli.aligning.mapping import mapped
from grounding.stimuli.aligning.sphinx import align, aligner, needed
from grounding.stimuli.fault import shown
from grounding.stimuli.files import inside
from grounding.stimuli.making import ARTICULATION, COPIED
from grounding.stimuli.staging import settled, stage_in
from grounding.stimuli.stimulus import MANIFEST, Stimulus

__all__ = ["SEGMENTS", "align_all", "check", "check_free", "write_aligned", "write_segments"]

SEGMENTS = "segments.jsonl"


def check(stimuli: Sequence[Stimulus]) -> None:
    """Raise `UserError` unless every stimulus has phones that can be aligned."""
    without = [s.id for s in stimuli if not s.phones]
    if without:
        raise UserError(
            f"{len(without)} of {len(stimuli)} stimuli have no phones (the first is "
            f"{without[0]!r}), and alignment needs them in IPA. Write them into the manifest field "
            "'phones', from a pronouncing dictionary or a phonemiser such as espeak-ng, or add the "
            "recordings with a tier or column of phones ('grounding stimuli add')."
        )
    for stimulus in stimuli:
        try:
            mapped(stimulus.phones or ())
        except UserError as error:
            raise UserError(f"{stimulus.place}: {error}") from error


def check_free(stimuli: Sequence[Stimulus]) -> None:
    """Raise `ManifestError` where a stimulus has segments already."""
    have = [s.id for s in stimuli if "segments" in s.attributes]
    if have:
        raise ManifestError(
            f"{len(have)} of {len(stimuli)} stimuli have segments already (the first is "
            f"{have[0]!r}), which are not replaced. Keep those, or write a table beside them with "
            "--table."
        )


def align_all(
    stimuli: Sequence[Stimulus],
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Aligned]:
    """Align every stimulus, in order; the number of processes moves no time.

    Raises `UserError` as `check` does, before anything is aligned.
    """
    needed()
    check(stimuli)
    found: list[Aligned] = []
    for aligned in _in_order(stimuli, jobs):
        found.append(aligned)
        if progress is not None:
            progress(len(found), len(stimuli))
    return found


def _in_order(stimuli: Sequence[Stimulus], jobs: int) -> Iterator[Aligned]:
    if jobs == 1:
        yield from map(align, stimuli)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(align, stimuli, chunksize=8)


def write_aligned(stimuli: Sequence[Stimulus], aligned: Sequence[Aligned], out: Path) -> Path:
    """Write a set with the segments into the folder `out`; return its manifest.

    Raises `ManifestError` where one is there already, or a stimulus has segments already; then
    nothing is written.
    """
    check_free(stimuli)
    _refuse_there(out / MANIFEST)
    records = []
    with stage_in(out) as stage:
        for stimulus, found in zip(stimuli, aligned, strict=True):
            record = stimulus.record()
            record["audio"] = _copied(stimulus, stimulus.audio_path, COPIED, stage)
            if stimulus.articulation_path is not None:
                path = stimulus.articulation_path
                record["articulation"] = _copied(stimulus, path, ARTICULATION, stage)
            said = _said(found)
            attributes = dict(record.get("attributes", {}))
            if "segments" in said:
                attributes["segments"] = said.pop("segments")
            record["attributes"] = attributes | {"aligner": aligner() | said}
            records.append(record)
        return settled(out, stage, records)


def write_segments(stimuli: Sequence[Stimulus], aligned: Sequence[Aligned], out: Path) -> Path:
    """Write `segments.jsonl` into the folder `out`; raises `ManifestError` where it is there."""
    path = out / SEGMENTS
    _refuse_there(path)
    lines = [
        {"id": s.id, "sha256": s.audio_digest, "aligner": aligner(), **_said(found)}
        for s, found in zip(stimuli, aligned, strict=True)
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_whole(path, text.encode("utf-8"))
    return path


def _said(found: Aligned) -> dict[str, Any]:
    if found.failure is not None:
        return {"failure": found.failure}
    return {"segments": [list(segment) for segment in found.segments], "score": found.score}


def _copied(stimulus: Stimulus, path: str, part: str, stage: Path) -> str:
    copy = f"{part}/{stimulus.id}{PurePosixPath(path).suffix}"
    (stage / part).mkdir(exist_ok=True)
    shutil.copyfile(inside(stimulus.folder, path), stage / copy)
    return copy


def _refuse_there(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ManifestError(
            f"{shown(path)} exists and is not overwritten. Give another folder with --out."
        )
