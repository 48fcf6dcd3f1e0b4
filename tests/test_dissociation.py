"""Sets that part tract from sound: the statistic under planted answers, and the analysis."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.figures.dots import draw_dots, save_png
from grounding.rsa import RDM, rdm
from grounding.rsa.grouping import (
    apart,
    difference,
    held_out_share,
    keeps_apart,
    keeps_together,
    share,
    together,
)
from grounding.rsa.sampled import FewGroups, Undercoverage

WORDS, SOUNDS = 24, 6
SAME = [word for word in range(WORDS) for _ in range(SOUNDS)]
OTHER = list(range(SOUNDS)) * WORDS
IDS = [f"{a}-{b}" for a, b in zip(SAME, OTHER, strict=True)]


def geometry(tract, sound, noise=0.0, seed=0):
    """Return the RDM of features that hold the tract, the sound and noise in given amounts."""
    rng = np.random.default_rng(seed)
    of_tract, of_sound = rng.normal(size=(WORDS, 12)), rng.normal(size=(SOUNDS, 12))
    own = rng.normal(size=(len(IDS), 12))
    return rdm(
        tract * of_tract[SAME] + sound * of_sound[OTHER] + noise * own, IDS, metric="euclidean"
    )


def score(found, n=200, seed=0):
    return keeps_together(found, SAME, OTHER, n=n, rng=np.random.default_rng(seed))


def slow(found, same, other):
    """Count every comparison of a stimulus with two others."""
    square, wins = found.square(), []
    for i, j, k in product(range(found.n), repeat=3):
        kin = same[i] == same[j] and other[i] != other[j]
        if kin and same[i] != same[k] and other[i] == other[k]:
            wins.append(
                1.0 if square[i, j] < square[i, k] else 0.5 * (square[i, j] == square[i, k])
            )
    return np.mean(wins)


def test_a_tract_oracle_scores_one_and_a_sound_oracle_nothing():
    for tract, sound, answer in ((1, 0, 1.0), (0, 1, 0.0)):
        found = score(geometry(tract, sound))
        assert found.estimate == answer
        assert found.interval(0.95) == (answer, answer)


def test_noise_scores_one_half_and_more_tract_more():
    noise = score(geometry(0, 0, noise=1.0))
    low, high = noise.interval(0.95)
    assert low < 0.5 < high and high - low < 0.1
    shares = [score(geometry(tract, 1, noise=0.5)).estimate for tract in (0.3, 1, 3)]
    assert shares == sorted(shares) and shares[0] < 0.3 and shares[-1] > 0.7


def test_equal_distances_count_half():
    assert score(RDM(np.ones(len(IDS) * (len(IDS) - 1) // 2), IDS, "euclidean")).estimate == 0.5


def test_the_tally_is_a_slow_count_also_where_labels_are_uneven():
    rng = np.random.default_rng(3)
    found = rdm(rng.integers(0, 3, size=(14, 2)) * 1.0, [f"s{k}" for k in range(14)],
                metric="euclidean")  # fmt: skip
    same, other = list("aaabbbbccdddde"), list("xyzxyzzxyxxyzx")
    tally = together(found, same, other)
    assert float(tally.share(np.ones(5))) == pytest.approx(slow(found, same, other))
    assert (np.diag(tally.held) == 0).all()


def test_a_bootstrap_sample_is_the_tally_of_copies_that_never_meet_themselves():
    found = geometry(1, 1, noise=1.0)
    tally = together(found, SAME, OTHER)
    counts = np.random.default_rng(1).multinomial(WORDS, np.full(WORDS, 1 / WORDS))
    top = sum(counts[i] * counts[j] * tally.won[i, j] for i in range(WORDS) for j in range(WORDS))
    whole = sum(
        counts[i] * counts[j] * tally.held[i, j] for i in range(WORDS) for j in range(WORDS)
    )
    assert float(tally.share(counts * 1.0)) == pytest.approx(top / whole)


def test_the_order_of_stimuli_and_the_scale_of_distances_move_nothing():
    found, order = geometry(1, 1, noise=1.0), np.random.default_rng(2).permutation(len(IDS))
    moved = found.select([IDS[i] for i in order])
    same, other = [SAME[i] for i in order], [OTHER[i] for i in order]
    again = keeps_together(moved, same, other, n=20, rng=np.random.default_rng(0))
    assert again.estimate == pytest.approx(score(found).estimate, abs=1e-12)
    mixed = keeps_together(moved, SAME, OTHER, n=20, rng=np.random.default_rng(0))
    assert abs(mixed.estimate - again.estimate) > 0.01  # the near miss: labels left behind


def test_the_interval_is_as_wide_as_new_words_make_it():
    drawn = [score(geometry(1, 1, noise=1.0, seed=s), n=300) for s in range(40)]
    spread = np.std([one.estimate for one in drawn])
    assert 0.4 < np.mean([one.standard_error for one in drawn]) / spread < 1.6


def test_partners_that_differ_are_apart_and_partners_that_are_alike_are_not():
    pair, rng = [k for k in range(30) for _ in "ab"], np.random.default_rng(0)
    ids = [f"{k}{m}" for k in range(30) for m in "ab"]
    sign = np.tile([1.0, -1.0], 30)[:, None]
    members = 10 * sign * np.abs(rng.normal(size=(30, 1)) + 5)[pair] + rng.normal(size=(60, 1))
    answers = {"far": members, "near": np.repeat(rng.normal(size=(30, 5)), 2, axis=0)}
    found = {
        name: keeps_apart(rdm(f, ids, metric="euclidean"), pair, n=50, rng=np.random.default_rng(0))
        for name, f in answers.items()
    }
    assert found["near"].estimate == 0.0
    assert found["far"].estimate > 0.7
    noise = rdm(rng.normal(size=(60, 9)), ids, metric="euclidean")
    assert keeps_apart(noise, pair, n=50, rng=rng).estimate == pytest.approx(0.5, abs=0.1)


def test_the_best_layer_is_chosen_on_other_words():
    noise = [together(geometry(0, 0, 1.0, seed), SAME, OTHER) for seed in range(40)]
    best = max(float(one.share(np.ones(WORDS))) for one in noise)
    with pytest.warns(Undercoverage, match="folds chose other layers"):
        held = held_out_share(noise, n=50, rng=np.random.default_rng(0))
    assert held.estimate < best - 0.01
    good = [*noise, together(geometry(3, 1, 0.2), SAME, OTHER)]
    alone = held_out_share(good[-1:], n=50, rng=np.random.default_rng(0))
    # One state of the generator, the same folds and draws: differences are paired.
    chosen = held_out_share(good, n=50, rng=np.random.default_rng(0))
    assert np.array_equal(chosen.samples, alone.samples)
    assert difference(chosen, alone).interval(0.95) == (0.0, 0.0)


def test_what_cannot_be_compared_is_refused():
    found, rng = geometry(1, 1), np.random.default_rng(0)
    with pytest.raises(UserError, match="144 stimuli need a label 'same' each, found 2"):
        together(found, [0, 1], OTHER)
    with pytest.raises(UserError, match="no stimulus has both one that shares its label"):
        together(found, SAME, IDS)
    with pytest.raises(UserError, match="pair 0 has 6 stimuli; a pair has two"):
        apart(found, SAME)
    with pytest.raises(UserError, match="one sample or more, found n=0"):
        keeps_together(found, SAME, OTHER, n=0, rng=rng)
    with pytest.raises(UserError, match="there is no layer to choose from"):
        held_out_share([], n=20, rng=rng)
    one = together(found, SAME, OTHER)
    with pytest.raises(UserError, match="tallied over different groups"):
        held_out_share([one, together(found, list(map(str, SAME)), OTHER)], n=20, rng=rng)
    with pytest.raises(UserError, match="equally many, found 20 and 30"):
        difference(*(share(one, n=n, rng=rng) for n in (20, 30)))
    with pytest.raises(UserError, match="found 9 folds and 24 groups"):
        held_out_share([one], n=20, rng=rng, folds=9)


def test_few_groups_are_warned_of():
    found = geometry(1, 1).select(IDS[: 8 * SOUNDS])
    tally = together(found, SAME[: 8 * SOUNDS], OTHER[: 8 * SOUNDS])
    with pytest.warns(FewGroups, match="8 groups were drawn from"):
        share(tally, n=20, rng=np.random.default_rng(0))
    with pytest.warns(FewGroups, match="8 groups were drawn from"):
        held_out_share([tally], n=20, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def script():
    """Return the analysis as a module."""
    path = Path(__file__).parents[1] / "analyses" / "dissociation_sets.py"
    spec = importlib.util.spec_from_file_location("dissociation_sets", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def labelled(toy_folder, tmp_path):
    """Return a function that copies the toy set and gives each stimulus attributes.

    It is called with what makes them from a stimulus' place among those of its transcript.
    """

    def make(attributes, places=3):
        folder = Path(shutil.copytree(toy_folder, tmp_path / "set"))
        lines, seen = [], Counter()
        for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            place = seen[record["transcript"]]
            seen[record["transcript"]] += 1
            if place < places:
                record["attributes"] = attributes(record["transcript"], place)
                lines.append(json.dumps(record))
        (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    return make


def rows(script, folder, tmp_path):
    config = script.Config(
        stimuli=str(folder),
        encoders=(
            ("toy", None, "trajectory", None),
            ("toy", 0, "trajectory", None),
            ("toy-text", None, "mean", None),
        ),
        minus=("toy, random 0", "log-mel"),
        resamples=40,
        store=str(tmp_path / "store"),
    )
    return {(part, what): (value, low, high) for part, what, value, low, high in script.run(config)}


def test_the_analysis_scores_a_set_of_one_tract_in_several_sounds(script, labelled, tmp_path):
    sounds = ("modal", "whispered", "room")
    folder = labelled(lambda word, k: {"articulation": word, "sound": sounds[k]})
    found = rows(script, folder, tmp_path)
    assert {part for part, _ in found} == {"all", "whispered", "room"}
    assert found["all", "phones"] == found["all", "toy-text"] == (1.0, 1.0, 1.0)
    assert 0.0 < found["all", "toy"][0] < 1.0
    gain = found["room", "toy"][0] - found["room", "log-mel"][0]
    assert found["room", "toy minus log-mel"][0] == pytest.approx(gain)


def test_the_analysis_gives_text_nothing_within_a_transcript(script, labelled, tmp_path):
    levels = ("none", "rate", "rate")
    found = rows(script, labelled(lambda word, k: {"factor": levels[k]}), tmp_path)
    assert {part for part, _ in found} == {"all", "rate"}
    for what in ("toy-text", "phones"):
        assert found["rate", what] == (0.0, 0.0, 0.0)
    assert found["rate", "articulation"][0] == pytest.approx(1.0)


def test_the_analysis_scores_pairs(script, labelled, tmp_path):
    folder = labelled(lambda word, k: {"pair": word, "member": "ab"[k]}, places=2)
    found = rows(script, folder, tmp_path)
    assert {part for part, _ in found} == {"all"}
    assert found["all", "phones"] == (0.0, 0.0, 0.0)
    assert ("all", "toy-text") not in found  # a pair's transcript is a label


def test_the_analysis_says_what_a_set_lacks(script, toy_folder, tmp_path):
    with pytest.raises(UserError, match="needs an attribute sound, factor, pair; it has none"):
        rows(script, toy_folder, tmp_path)


def test_the_analysis_prints_its_rows_and_draws_them(script, monkeypatch, tmp_path, capsys):
    made = [("all", "toy", 0.5, 0.4, 0.6), ("all", "toy minus log-mel", 0.1, 0.0, 0.2),
            ("room", "toy", 0.7, 0.6, 0.8)]  # fmt: skip
    monkeypatch.setattr(script, "run", lambda config: made)
    script.main(["a-set", str(tmp_path / "picture.png")])
    assert "toy minus log-mel" in capsys.readouterr().out
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"


def test_the_picture_has_a_dot_and_an_interval_for_every_row(tmp_path):
    dots = [(p, m, 0.5, 0.4, 0.7) for p in ("all", "room") for m in ("a", "b")]
    figure = draw_dots(dots, "share")
    drawn = {line.get_gid(): line.get_xdata() for line in figure.axes[0].lines if line.get_gid()}
    assert set(drawn) >= {f"{p}: {m}" for p, m, *_ in dots}
    assert list(drawn["room: b interval"]) == [0.4, 0.7]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["all", "room"]
    for name, one in (("a", figure), ("b", draw_dots(dots, "share"))):
        save_png(one, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
