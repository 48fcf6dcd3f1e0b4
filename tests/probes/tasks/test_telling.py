"""Languages, speakers and vocal tracts are told from words that were never heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.probes.tasks import language_identification, speaker_identification
from grounding.probes.tasks.apart import joined, same_words
from grounding.probes.tasks.table import of_several_languages
from grounding.probes.tasks.telling import tell
from grounding.stimuli import StimulusSet

TASKS = [
    (language_identification.run, "language"),
    (speaker_identification.run, "speaker"),
    (speaker_identification.anatomy, "anatomy"),
]


def ids(stimuli):
    return [stimulus.id for stimulus in stimuli]


@pytest.mark.parametrize(("run", "what"), TASKS)
def test_what_is_planted_is_told_and_noise_is_chance(run, what, said, planted, rng):
    stimuli = said(15, languages=("de", "it", "fr"))
    by = "speaker" if what == "anatomy" else what
    found = run(planted(stimuli, lambda s: getattr(s, by)), stimuli, rng)
    assert found.value > 0.95 and found.n == len(stimuli)
    null = run(planted(stimuli), stimuli, rng)
    assert null.value < null.chance + 0.1
    assert found.task.startswith(what)


@pytest.mark.parametrize(("run", "what"), TASKS)
def test_remembering_words_tells_nothing_and_would_in_a_leak(run, what, said, planted, rng):
    stimuli = said(15, languages=("de", "it"), names=("plain", "slow", "fast"))
    # Each word in each language and voice has a vector of its own: nothing is shared but memory.
    features = planted(stimuli, lambda s: (s.transcript, s.speaker), width=80)
    score = run(features, stimuli, rng)
    if what == "anatomy":
        leak = speaker_identification.scale_of(features, stimuli, ids(stimuli), rng)
    else:
        leak = tell("leak", features, stimuli, what, ids(stimuli), rng)
    assert score.value < score.chance + 0.15
    assert leak.value > score.value + 0.3


def test_translations_stay_together(said):
    stimuli = said(3, languages=("de", "it"))
    groups = dict(zip(ids(stimuli), same_words(stimuli), strict=True))
    of = {s.id: s.concept for s in stimuli}
    for one in groups:
        for other in groups:
            assert (groups[one] == groups[other]) == (of[one] == of[other])


def test_groups_are_joined_however_far_round():
    rng = np.random.default_rng(0)
    labels = [rng.integers(0, 25, size=40).tolist() for _ in range(2)]
    group = list(range(40))  # the slow way: join until nothing changes
    for _ in range(40):
        for a in range(40):
            for b in range(40):
                if any(one[a] == one[b] for one in labels):
                    group[a] = group[b] = min(group[a], group[b])
    assert list(joined(*labels)) == [str(one) for one in group]
    with pytest.raises(UserError, match=r"\[2, 1\] labels were given; needed as many each"):
        joined(["a", "b"], ["c"])


def test_a_speaker_for_each_language_is_refused_and_one_for_two_is_not(said):
    two = said(4, speakers=("anna",), languages=("de", "it"))
    prompts = StimulusSet((*two, *said(4, speakers=("bea",), languages=("fr",))), "p", Path())
    for run, what in TASKS[:2]:
        with pytest.raises(UserError, match=f"{what} '.*' never comes with"):
            run(None, prompts, None)
    assert list(of_several_languages(prompts, Path())) == two


def test_one_label_or_none_is_refused(said, planted, rng):
    one = said(6, speakers=("short",))
    with pytest.raises(UserError, match="all stimuli have the language 'en'; needed two or more"):
        language_identification.run(planted(one), one, rng)
    with pytest.raises(UserError, match="all stimuli have the speaker 'short'"):
        speaker_identification.run(planted(one), one, rng)
    with pytest.raises(UserError, match="all stimuli have one anatomy_scale"):
        speaker_identification.anatomy(planted(one), one, rng)
    with pytest.raises(UserError, match=r"has no realisation.anatomy_scale"):
        speaker_identification.anatomy(None, [replace(one[0], realisation={})], rng)
