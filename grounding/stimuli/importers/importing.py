"""Make a stimulus set of a corpus: survey it, cut and smooth each utterance, write it whole."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from grounding.errors import ManifestError, UserError
from grounding.files import write_whole
from grounding.stimuli.fault import shown
from grounding.stimuli.importers.choosing import check_arguments, choose
from grounding.stimuli.importers.cutting import LeftOut, cut
from grounding.stimuli.importers.folder import Folder
from grounding.stimuli.importers.record import FLESH, Item
from grounding.stimuli.importers.result import REPORT, Imported, report
from grounding.stimuli.importers.smoothing import smoothing_record
from grounding.stimuli.importers.survey import survey
from grounding.stimuli.importers.table import IMPORTERS
from grounding.stimuli.importers.writing import Plan, write_stimulus
from grounding.stimuli.manifest import write_manifest
from grounding.tables import lookup

__all__ = ["import_corpus"]

MOST_LINES = 50  # a corpus in a wrong unit has one fault in every one of its thousand files
Progress = Callable[[str, int, int], None]


def import_corpus(
    format: str,
    folder: str | Path,
    out: str | Path,
    *,
    language: str | None = None,
    speakers: Sequence[str] | None = None,
    smoothing_hz: float | None = None,
    keep_bad: bool = False,
    gaps: Literal["leave-out", "mask"] = "leave-out",
    progress: Progress | None = None,
) -> Imported:
    """Write a stimulus set of the corpus in `folder` to the new folder `out`.

    format: a name of `IMPORTERS`. language: ISO 639-1; None takes the corpus's own.
    speakers: those to take; None takes all that are there.
    smoothing_hz: cut-off of the low-pass filter, Hz; None takes the corpus's own, 0 smooths not.
    keep_bad: keep channels and recordings that are known bad, and channels that do not move.
    gaps: what becomes of a stimulus that misses frames of a flesh point: "leave-out", or "mask",
        which keeps it with the mark "missing-frames", without the stream `flesh`.
    progress: is told what is done, how much of it, and how much there is.

    Every stimulus has its movement as the stream `ema` at the corpus's own rate, and in `flesh`
    those of the suite's flesh points that all speakers have. A frame that was not measured is 0 in
    `ema`, and there is then a stream `ema_valid`, 1 where the channel was measured and 0 where
    not. Nothing is filled in.

    Raises `ManifestError` that lists everything that stands in the way, and `UserError` or
    `UnknownName` for an argument that will not do; then nothing is written.
    """
    importer = lookup("corpus", format, IMPORTERS)
    folder, out = Path(folder), Path(out)
    language = language if language is not None else importer.language
    hz = importer.smoothing_hz if smoothing_hz is None else float(smoothing_hz)
    check_arguments(importer, folder, out, language, hz, gaps)
    files = Folder(folder)
    items = choose(importer, files, speakers)
    known = {} if keep_bad else importer.known_bad_items
    left_out = {item.name: known[item.name] for item in items if item.name in known}
    items = [item for item in items if item.name not in left_out]
    found = survey(importer, files, items, progress)
    if found.faults or not items:
        lines = found.faults or ["every recording is known to be bad; keep_bad keeps them."]
        raise ManifestError(f"{shown(folder)}: nothing was written, because\n" + _listing(lines))
    bad = found.bad(importer)
    kept = {
        speaker: tuple(c for c in channels if keep_bad or c not in bad[speaker])
        for speaker, channels in found.channels.items()
    }
    plan = Plan(
        importer=importer,
        language=str(language),
        channels=kept,
        flesh=tuple(c for c in FLESH if all(c in channels for channels in kept.values())),
        smoothing=smoothing_record(hz),
        gaps=gaps,
    )
    again = {name for name, count in found.ids.items() if count > 1}
    left_out |= dict.fromkeys(again, "parts of it are in more than one file")
    written = Written(left_out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{shown(out)} cannot be made ({error.strerror}); give another") from error
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".importing-") as temporary:
        target = Path(temporary) / "set"
        for part in ("audio", "articulation"):
            (target / part).mkdir(parents=True)
        for k, item in enumerate(items):
            if progress:
                progress(f"writing {importer.name}", k, len(items))
            _write_item(plan, files, item, hz, target, again, written)
        if progress:
            progress(f"writing {importer.name}", len(items), len(items))
        if not written.records:
            reasons = [f"{name}: {why}" for name, why in written.left_out.items()]
            raise ManifestError(
                f"{shown(folder)}: no stimulus would be left, because\n" + _listing(reasons)
            )
        write_manifest(target, written.records)
        imported = Imported(
            manifest=out / "manifest.jsonl",
            corpus=importer.corpus,
            stimuli=len(written.records),
            smoothing=plan.smoothing,
            flesh=plan.flesh,
            left_out=written.left_out,
            bad_channels={speaker: reasons for speaker, reasons in bad.items() if reasons},
            kept_bad=keep_bad,
            missing=written.missing,
            cut=written.cut,
            converted=written.converted,
            unknown_labels=dict(sorted(written.unknown.items())),
        )
        write_whole(target / REPORT, report(imported, importer))
        target.rename(out)
    return imported


def _listing(lines: Sequence[str]) -> str:
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join(f"  {line}" for line in [*lines[:MOST_LINES], *more])


@dataclass
class Written:
    """What has been written and left out so far."""

    left_out: dict[str, str]
    records: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, dict[str, int]] = field(default_factory=dict)
    cut: dict[str, tuple[float, float]] = field(default_factory=dict)
    converted: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


def _write_item(
    plan: Plan,
    files: Folder,
    item: Item,
    hz: float,
    target: Path,
    again: set[str],
    written: Written,
) -> None:
    for utterance in plan.importer.read(files, item):
        name = utterance.id
        if name in again:
            continue
        if utterance.transcript is None:
            written.left_out[name] = f"no transcript: {utterance.without}"
            continue
        try:
            one = cut(plan.importer, utterance, plan.channels[utterance.speaker], hz)
        except LeftOut as reason:
            written.left_out[name] = str(reason)
            continue
        if one.missing:
            written.missing[name] = one.missing
        lost = {c: n for c, n in one.missing.items() if c in plan.flesh}
        if lost and plan.gaps == "leave-out":
            written.left_out[name] = "frames were not measured: " + ", ".join(
                f"{channel} {count} of {len(one.values)}" for channel, count in lost.items()
            )
            continue
        record, unknown = write_stimulus(plan, utterance, one, target)
        written.records.append(record)
        written.unknown.update(unknown)
        written.converted += one.sound.file is None
        if one.part:
            written.cut[name] = one.part
