"""Is it one of ten keywords, and which, or another word? In every language of the stimuli.

Ten words of a language are drawn as keywords, as many as there are where there are few. The other
words are parted in two: those in training are never those in the test, so that "another word" has
to be said of words that were never heard. One speaker after another is held out (realisations,
where all are of one speaker). Balanced accuracy over the keywords and "another word", and every
language counts alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grounding.errors import UserError
from grounding.probes.splits import labels_of
from grounding.probes.tasks.apart import voices
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.readout import classify
from grounding.probes.tasks.record import TaskScore, balance
from grounding.probes.tasks.word_identification import BINS, inner_groups
from grounding.stimuli import Stimulus

__all__ = ["KEYWORDS", "Choice", "choose", "run", "spot"]

KEYWORDS = 10
OTHER = "(another word)"


@dataclass(frozen=True)
class Choice:
    """The words of one language.

    keywords: those to be told apart. others: two lists of other words; one is trained on while
    the other is tested on, and then the other way round.
    """

    keywords: tuple[str, ...]
    others: tuple[tuple[str, ...], tuple[str, ...]]


def run(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Spot keywords in each language of `stimuli`, a speaker held out at a time.

    Raises `UserError` for a language with fewer than two words that two speakers say, or two
    words beside them.
    """
    by_language: dict[str, list[Stimulus]] = {}
    for stimulus in stimuli:
        by_language.setdefault(stimulus.language, []).append(stimulus)
    choices = {one: choose(some, rng) for one, some in sorted(by_language.items())}
    return spot(features, by_language, choices)


def choose(stimuli: Sequence[Stimulus], rng: np.random.Generator) -> Choice:
    """Draw the keywords of one language from the words that several voices say."""
    held, by = voices(stimuli)
    words = labels_of(stimuli, "transcript")
    said = {word: {v for w, v in zip(words, held, strict=True) if w == word} for word in words}
    several = [word for word in sorted(said) if len(said[word]) > 1]
    count = min(KEYWORDS, len(several), len(said) - 2)
    if count < 2:
        raise UserError(
            f"{stimuli[0].language!r} has {len(said)} words, {len(several)} of them by more than "
            f"one {by}; needed two such words or more, and two others. Leave the language out."
        )
    keywords = tuple(several[place] for place in rng.permutation(len(several))[:count])
    rest = [word for word in sorted(said) if word not in keywords]
    rest = [rest[place] for place in rng.permutation(len(rest))]
    return Choice(keywords, (tuple(rest[::2]), tuple(rest[1::2])))


def spot(
    features: Features,
    by_language: dict[str, list[Stimulus]],
    choices: dict[str, Choice],
) -> TaskScore:
    """Spot these keywords among these other words."""
    ids, marks, weights, groups, parts, by = [], [], [], [], {}, ""
    for language, choice in choices.items():
        some = by_language[language]
        held, by = voices(some)
        words, inner = labels_of(some, "transcript"), inner_groups(some)
        x = features.slices(some, BINS)
        truth: list[str] = []
        found: list[str] = []
        places: list[int] = []
        for half in (0, 1):
            trained = {*choice.keywords, *choice.others[half]}
            tested = {*choice.keywords, *choice.others[1 - half]}
            for voice in dict.fromkeys(held):
                train = [p for p, w in enumerate(words) if held[p] != voice and w in trained]
                known = {words[place] for place in train} | set(choice.others[1 - half])
                test = [p for p, w in enumerate(words) if held[p] == voice and w in tested & known]
                if not test:
                    continue
                labels = [_label(words[place], choice) for place in train]
                found += classify(x[train], labels, [inner[p] for p in train], x[test])
                truth += [_label(words[place], choice) for place in test]
                places += test
        right = np.array([float(a == b) for a, b in zip(truth, found, strict=True)])
        weight = balance(truth) / len(truth)
        parts[language] = float(weight @ right)
        ids += [some[place].id for place in places]
        groups += [words[place] for place in places]
        marks.append(right)
        weights.append(weight)
    return TaskScore(
        task="keyword-spotting",
        unit="balanced accuracy",
        chance=float(np.mean([1.0 / (len(one.keywords) + 1) for one in choices.values()])),
        split=f"{by}, and words that are no keyword",
        encoder=features.encoder,
        layer=features.layer,
        ids=tuple(ids),
        marks=np.concatenate(marks),
        weights=np.concatenate(weights),
        groups=tuple(groups),
        parts=parts,
    )


def _label(word: str, choice: Choice) -> str:
    return word if word in choice.keywords else OTHER
