"""Read a set and check it: every fault at once, or the first as an error."""

from __future__ import annotations

import os
from pathlib import Path

from grounding.errors import AudioError, ManifestError
from grounding.stimuli.fault import Fault, shown
from grounding.stimuli.manifest import parse_manifest
from grounding.stimuli.sets import locate
from grounding.stimuli.stimulus import MANIFEST, Stimulus
from grounding.stimuli.stimulus_set import StimulusSet

__all__ = ["examine", "read_stimuli", "validate"]

# Frames are 10 ms as a rule and corpora cut the two tracks apart; a word off is far beyond this.
LARGEST_GAP = 0.1  # seconds


def read_stimuli(
    name_or_folder: str | os.PathLike[str],
    *,
    check_audio: bool = True,
    check_articulation: bool = False,
) -> StimulusSet:
    """Read a set of stimuli: a shipped set by its name, or any folder with `manifest.jsonl`.

    Every line, every path and every audio header (rate, channels, length) is checked. Besides:

    check_audio: decode every recording now: whole, finite, of the declared SHA-256. Otherwise
        that is found out when a recording is first used.
    check_articulation: read every articulation file now, likewise.

    Raises `UnknownName` for a name that no set has, and `ManifestError` (for a recording,
    `AudioError`) with the place of the first fault and the number of the others.
    """
    name, folder = locate(name_or_folder)
    stimuli, faults = examine(folder, check_audio, check_articulation)
    if faults:
        others = len(faults) - 1
        more = (
            f" ({others} more fault{'s' * (others > 1)}: 'grounding stimuli validate' lists all.)"
            if others
            else ""
        )
        raise (AudioError if faults[0].of_audio else ManifestError)(f"{faults[0]}{more}")
    return StimulusSet(tuple(stimuli), name, folder)


def validate(folder: str | Path, audio: bool = True, articulation: bool = True) -> list[Fault]:
    """Return every fault of the set in `folder`, in the order of its lines; none is an empty list.

    audio: also decode every recording. articulation: also read every articulation file.
    """
    return examine(folder, audio, articulation)[1]


def examine(
    folder: str | Path, audio: bool, articulation: bool
) -> tuple[list[Stimulus], list[Fault]]:
    """Return the stimuli whose lines can be read, and every fault; see `validate`."""
    stimuli, faults = parse_manifest(folder)
    for stimulus in stimuli:
        faults.extend(_file_faults(stimulus, audio, articulation))
    return stimuli, sorted(faults, key=lambda fault: fault.line or 0)


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
