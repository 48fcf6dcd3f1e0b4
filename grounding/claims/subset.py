"""The part of a shipped set that the default run scores, and the window that it uses.

A user's own folder is always scored whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from grounding.claims.settings import Settings
from grounding.stimuli import StimulusSet

__all__ = ["SUBSETS", "chosen_stimuli", "chosen_window"]

WINDOWS = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0)
"""Seconds; Whisper was trained on 30, which `--full` uses."""

PROMPTS = 100
PROMPT_SECONDS = 4.0
DEEP = 8
REALISATIONS = 2


def few_realisations(stimuli: StimulusSet) -> StimulusSet:
    """Keep two realisations a transcript, and all of those that have eight or more."""
    count = Counter(stimuli.transcripts)
    seen: Counter[str] = Counter()
    kept = set()
    for stimulus in stimuli:
        seen[stimulus.transcript] += 1
        if seen[stimulus.transcript] <= REALISATIONS or count[stimulus.transcript] >= DEEP:
            kept.add(stimulus.id)
    return stimuli.where(lambda s: s.id in kept)


def few_prompts(stimuli: StimulusSet) -> StimulusSet:
    """Keep evenly spaced concepts, 100 of those that every language says within 4 seconds."""
    short = defaultdict(set)
    for stimulus in stimuli:
        if stimulus.duration <= PROMPT_SECONDS:
            short[stimulus.concept].add(stimulus.language)
    languages = {stimulus.language for stimulus in stimuli}
    everywhere = [concept for concept, found in short.items() if found == languages]
    step = max(len(everywhere) / PROMPTS, 1.0)
    kept = {everywhere[int(i * step)] for i in range(min(PROMPTS, len(everywhere)))}
    return stimuli.where(lambda s: s.concept in kept)


SUBSETS: Mapping[str, tuple[str, Callable[[StimulusSet], StimulusSet]]] = {
    "vocal-tract-words": (
        "two realisations a word, and all of the words that have eight",
        few_realisations,
    ),
    "spoken-prompts": (
        "100 concepts, evenly spaced, that every language says within 4 seconds",
        few_prompts,
    ),
}
"""By shipped set: the subset in words, and what makes it."""


def chosen_stimuli(
    stimuli: StimulusSet, settings: Settings, shipped: bool
) -> tuple[StimulusSet, str]:
    """Return the stimuli that a run scores, and in words which they are."""
    if settings.full or not shipped or stimuli.name not in SUBSETS:
        return stimuli, "all"
    words, choose = SUBSETS[stimuli.name]
    return choose(stimuli), words


def chosen_window(stimuli: StimulusSet, settings: Settings) -> float | None:
    """Return the seconds that a fixed-window model is given; None is what it was trained on."""
    longest = max(stimulus.duration for stimulus in stimuli)
    return None if settings.full else next((w for w in WINDOWS if w >= longest), None)
