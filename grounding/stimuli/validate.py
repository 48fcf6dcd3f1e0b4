"""Read a set and check it: every fault at once, or the first as an error.

There are two depths. The quick check reads the manifest and looks whether the files that it
names are there; it opens none of them, and keeps no more than the ids in memory. The thorough
one also opens every recording and every articulation file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from grounding.errors import AudioError, ManifestError
from grounding.stimuli.audio import EMPTY
from grounding.stimuli.fault import Fault, shown
from grounding.stimuli.files import sizer
from grounding.stimuli.manifest import Line, manifest_lines
from grounding.stimuli.sets import locate
from grounding.stimuli.stimulus import MANIFEST, Stimulus
from grounding.stimuli.stimulus_set import StimulusSet

__all__ = ["check", "read_stimuli", "validate"]

# Frames are 10 ms as a rule and corpora cut the two tracks apart; a word off is far beyond this.
LARGEST_GAP = 0.1  # seconds


def read_stimuli(
    name_or_folder: str | os.PathLike[str],
    *,
    check_audio: bool = True,
    check_articulation: bool = False,
) -> StimulusSet:
    """Read a set of stimuli: one by its name, or any folder with `manifest.jsonl`.

    Names are those of the sets that are shipped, and of those whose script was run here.
    Every line, every path and every audio header (rate, channels, length) is checked. Besides:

    check_audio: decode every recording now: whole, finite, of the declared SHA-256. Otherwise
        that is found out when a recording is first used.
    check_articulation: read every articulation file now, likewise.

    Raises `UnknownName` for a name that no set has, and `ManifestError` (for a recording,
    `AudioError`) with the place of the first fault and the number of the others.
    """
    name, folder = locate(name_or_folder)
    stimuli: list[Stimulus] = []
    faults: list[Fault] = []
    for line in manifest_lines(folder):
        faults.extend(line.faults)
        if line.record is not None:
            stimulus = Stimulus.from_record(line.record, folder, line.number)
            faults.extend(_file_faults(stimulus, check_audio, check_articulation))
            stimuli.append(stimulus)
    if faults:
        others = len(faults) - 1
        more = (
            f" ({others} more fault{'s' * (others > 1)}: 'grounding stimuli validate --audio' "
            "lists all.)"
            if others
            else ""
        )
        raise (AudioError if faults[0].of_audio else ManifestError)(f"{faults[0]}{more}")
    return StimulusSet(tuple(stimuli), name, folder)


def validate(folder: str | Path, audio: bool = True, articulation: bool = True) -> list[Fault]:
    """Return every fault of the set in `folder`, in the order of its lines; none is an empty list.

    audio: decode every recording. articulation: read every articulation file. With neither, the
    check is the quick one.
    """
    return [fault for line in check(folder, audio, articulation) for fault in line.faults]


def check(folder: str | Path, audio: bool, articulation: bool) -> Iterator[Line]:
    """Give the lines of the manifest of `folder`, one at a time, with every fault; see `validate`.

    The faults of files come with the line that names the file.
    """
    folder = Path(folder)
    size = sizer(folder)
    for line in manifest_lines(folder):
        if line.record is None:
            yield line
        elif audio or articulation:
            stimulus = Stimulus.from_record(line.record, folder, line.number)
            yield Line(line.number, line.record, _file_faults(stimulus, audio, articulation))
        else:
            faults = []
            for what, of_audio in (("audio", True), ("articulation", False)):
                name = line.record.get(what)
                if name is None:
                    continue
                try:
                    if size(name) == 0:
                        raise AudioError(EMPTY)
                except ManifestError as error:
                    message = f"{what} {shown(name)!r}: {error}"
                    faults.append(Fault(folder / MANIFEST, line.number, message, of_audio))
            yield Line(line.number, line.record, faults)


def _file_faults(stimulus: Stimulus, audio: bool, articulation: bool) -> list[Fault]:
    manifest = stimulus.folder / MANIFEST
    faults = []

    def fault(error: ManifestError, of_audio: bool) -> Fault:
        place = f"{stimulus.place}: "
        return Fault(manifest, stimulus.line, str(error).removeprefix(place), of_audio)

    try:
        _ = stimulus.audio if audio else stimulus.header
    except ManifestError as error:
        faults.append(fault(error, True))
    if stimulus.articulation_path is not None:
        try:
            if articulation:
                _check_clock(stimulus, heard=not faults)
            else:
                _ = stimulus.articulation_file
        except ManifestError as error:
            faults.append(fault(error, False))
    return faults


def _check_clock(stimulus: Stimulus, heard: bool) -> None:
    """Refuse an articulation that cannot be of this recording; `heard`: the recording is whole."""
    seconds = stimulus.articulation.duration
    if heard and abs(seconds - stimulus.duration) > LARGEST_GAP:
        raise ManifestError(
            f"articulation {shown(stimulus.articulation_path or '')!r}: lasts {seconds:.3f} s and "
            f"the recording {stimulus.duration:.3f} s; needed the same to {LARGEST_GAP} s. Correct "
            "its 'rate', or cut both alike."
        )
