"""Write one stimulus of a new set: its sound, its movement, and its manifest line."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import wavfile

from grounding.stimuli.articulation import Articulation, Stream, write_articulation
from grounding.stimuli.importers.cutting import Cut
from grounding.stimuli.importers.phones import in_ipa
from grounding.stimuli.importers.record import Importer, Sound, Utterance

__all__ = ["MARK", "Plan", "write_stimulus"]

MARK = "missing-frames"


@dataclass(frozen=True)
class Plan:
    """What holds for all stimuli of one import.

    channels: kept, by speaker. flesh: those of the stream `flesh`. gaps: see `import_corpus`.
    """

    importer: Importer
    language: str
    channels: Mapping[str, tuple[str, ...]]
    flesh: tuple[str, ...]
    smoothing: Mapping[str, Any] | None
    gaps: str


def write_stimulus(
    plan: Plan, utterance: Utterance, cut: Cut, target: Path
) -> tuple[dict[str, Any], set[str]]:
    """Write the files of one stimulus below `target`.

    Returns its manifest line, and the labels of phones that have no certain IPA.
    """
    audio = _write_sound(target, utterance.id, cut.sound)
    movement = f"articulation/{utterance.id}.npz"
    write_articulation(target / movement, _articulation(plan, cut, utterance.rate))
    phones: list[str] | None = None
    unknown: set[str] = set()
    if cut.labels and plan.importer.phone is not None:
        phones, unknown = in_ipa(cut.labels, plan.importer.phone, plan.importer.pauses)
    record: dict[str, Any] = {
        "id": utterance.id,
        "transcript": utterance.transcript,
        "language": plan.language,
        "audio": audio,
        "rate": cut.sound.rate,
        "samples": len(cut.sound.samples),
        "sha256": hashlib.sha256((target / audio).read_bytes()).hexdigest(),
        "speaker": utterance.speaker,
        "articulation": movement,
        "attributes": _attributes(plan, utterance, cut),
    }
    if phones:
        record["phones"] = phones
    if utterance.realisation:
        record["realisation"] = dict(utterance.realisation)
    if any(channel in plan.flesh for channel in cut.missing):
        record["marks"] = [MARK]
    return record, unknown


def _write_sound(target: Path, name: str, sound: Sound) -> str:
    if sound.file is not None:
        path = f"audio/{name}{sound.file.suffix.lower()}"
        shutil.copyfile(sound.file, target / path)
        return path
    path = f"audio/{name}.wav"
    # By scipy, since libsndfile writes the time of day into a file of floating point.
    wavfile.write(target / path, sound.rate, sound.samples)
    return path


def _articulation(plan: Plan, cut: Cut, rate: float) -> Articulation:
    measured = ~np.isnan(cut.values)
    units = ("mm",) * len(cut.channels)
    streams = {"ema": Stream("ema", np.where(measured, cut.values, 0.0), cut.channels, units)}
    if not measured.all():
        ones = ("1",) * len(cut.channels)
        streams["ema_valid"] = Stream("ema_valid", measured.astype(float), cut.channels, ones)
    columns = [cut.channels.index(channel) for channel in plan.flesh]
    if columns and measured[:, columns].all():
        values = cut.values[:, columns]
        streams["flesh"] = Stream("flesh", values, plan.flesh, units[: len(columns)])
    return Articulation(rate, streams)


def _attributes(plan: Plan, utterance: Utterance, cut: Cut) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "corpus": plan.importer.name,
        "files": list(utterance.files),
        "smoothing": plan.smoothing and dict(plan.smoothing),
        "movement_starts_s": round(cut.offset, 6),
    }
    if cut.missing:
        attributes["missing_frames"] = cut.missing
    if cut.part:
        attributes["part_of_recording_s"] = [round(edge, 6) for edge in cut.part]
    if cut.unheard:
        attributes["frames_beyond_the_sound"] = cut.unheard
    if cut.labels is not None:
        attributes["segments"] = [
            [label, round(start, 4), round(end, 4)] for label, start, end in cut.labels
        ]
    return attributes
