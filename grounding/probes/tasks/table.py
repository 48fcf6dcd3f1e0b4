"""The downstream tasks by name: what each asks, and the shipped sets that it runs on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grounding.probes.tasks import (
    keyword_spotting,
    language_identification,
    phone_recognition,
    query_by_example,
    speaker_identification,
    word_identification,
    word_order,
)
from grounding.probes.tasks.record import Prepare, Task
from grounding.probes.tasks.reordering import reordered
from grounding.stimuli import StimulusSet

__all__ = ["TASKS", "of_several_languages"]


def whole(stimuli: StimulusSet, folder: Path) -> StimulusSet:
    """Return the set as it is."""
    return stimuli


def of_several_languages(stimuli: StimulusSet, folder: Path) -> StimulusSet:
    """Return the stimuli of speakers who speak several languages."""
    languages: dict[str | None, set[str]] = {}
    for stimulus in stimuli:
        languages.setdefault(stimulus.speaker, set()).add(stimulus.language)
    return stimuli.where(lambda s: len(languages[s.speaker]) > 1)


def in_two_orders(stimuli: StimulusSet, folder: Path) -> StimulusSet:
    """Return prompts in order and out of order, written into the folder."""
    return reordered(stimuli, folder).stimuli


def _as_they_are(*names: str) -> dict[str, Prepare]:
    return dict.fromkeys(names, whole)


SIMULATED = ("vocal-tract-words", "vocal-tract-languages")
INFINITE = float("-inf")

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        Task(
            "word-identification",
            run=word_identification.run,
            unit="accuracy",
            least=0.0,
            best=1.0,
            sets=_as_they_are(*SIMULATED, "same-words-other-articulation"),
            says="Which word of a closed set is it, said by a speaker not heard before?",
        ),
        Task(
            "keyword-spotting",
            run=keyword_spotting.run,
            unit="balanced accuracy",
            least=0.0,
            best=1.0,
            sets=_as_they_are(*SIMULATED),
            says="Is it one of ten keywords, and which, or a word not heard before?",
        ),
        Task(
            "language-identification",
            run=language_identification.run,
            unit="balanced accuracy",
            least=0.0,
            best=1.0,
            sets={
                "vocal-tract-languages": whole,
                "spoken-prompts": of_several_languages,
            },
            says="Which language is it, in words not heard before?",
        ),
        Task(
            "speaker-identification",
            run=speaker_identification.run,
            unit="balanced accuracy",
            least=0.0,
            best=1.0,
            sets=_as_they_are(*SIMULATED, "same-words-other-articulation"),
            says="Who says it, in words not heard before?",
        ),
        Task(
            "anatomy",
            run=speaker_identification.anatomy,
            unit="explained variance",
            least=INFINITE,
            best=1.0,
            sets=_as_they_are(*SIMULATED, "syllable-grid"),
            says="How long is the vocal tract, in words not heard before?",
        ),
        Task(
            "query-by-example",
            run=query_by_example.run,
            unit="mean average precision",
            least=0.0,
            best=1.0,
            sets=_as_they_are(*SIMULATED, "same-words-other-articulation"),
            says="Where among other speakers' recordings is the word of this recording?",
        ),
        Task(
            "word-order",
            run=word_order.run,
            unit="accuracy of a choice of two",
            least=0.0,
            best=1.0,
            sets={"spoken-prompts": in_two_orders},
            says="Which of two versions of a prompt has its words in order?",
        ),
        Task(
            "phone-recognition",
            run=phone_recognition.run,
            unit="phone accuracy",
            least=INFINITE,
            best=1.0,
            sets=_as_they_are(*SIMULATED, "spoken-prompts"),
            says="Which phones are said, in words not heard before?",
        ),
    )
}
