"""What predicts use: against slow loops and published values; planted, null and clustered rows."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from grounding.errors import UnknownName, UserError
from grounding.probes.predicts import (
    CLAIM,
    FEWEST,
    LEVELS,
    MEASURES,
    NUMBERS,
    QUANTITIES,
    TESTS,
    Row,
    compare_dependent,
    mixed_model,
    predict,
    tidy,
)
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import FewGroups

SIDES = np.array([0.0, -1.0, 1.0])
MIXED = "statsmodels.regression.mixed_linear_model"
SLOW = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}
NULL = ((1, 0.6, 0.6, 0.3), (0.6, 1, 0.5, 0.3), (0.6, 0.5, 1, 0.3), (0.3, 0.3, 0.3, 1))
PLANTED = ((1, 0.9, 0.4, 0.3), (0.9, 1, 0.5, 0.3), (0.4, 0.5, 1, 0.3), (0.3, 0.3, 0.3, 1))


def drawn(rng, sizes, *, layers=4, weights=("trained",), cov=NULL, shares=(0.5, 0.3, 0.2)):
    """Return rows whose four numbers vary by family, by model and by row, in these shares."""
    root, sd = np.linalg.cholesky(np.array(cov)), np.sqrt(shares)
    rows = []
    for f, models in enumerate(sizes):
        shared = sd[0] * rng.normal(size=4)
        for m in range(models):
            own = shared + sd[1] * rng.normal(size=4)
            for layer in range(layers):
                for name in weights:
                    numbers = root @ (own + sd[2] * rng.normal(size=4))
                    where = {"model": f"m{f}.{m}", "family": f"f{f}", "layer": str(layer)}
                    named = dict(zip(NUMBERS, numbers.tolist(), strict=True))
                    rows.append(Row(**where, weights=name, **named))
    return rows


def asked(rows, *, measure="pearson", voice="row", n=100, seed=0):
    return predict(rows, measure=measure, voice=voice, n=n, rng=np.random.default_rng(seed))


def columns(rows):
    return np.array([[getattr(row, name) for name in NUMBERS] for row in rows])


def slow(rows, measure):
    """Return every quantity by scipy; partial correlations are those of residuals."""
    table = columns(rows)
    if measure == "spearman":
        table = stats.rankdata(table, axis=0)
    use, *scores = table.T
    art, phon, ac = NUMBERS[1:]
    named = {art: scores[0], phon: scores[1], ac: scores[2]}

    def left(values, given):
        return values - np.polyval(np.polyfit(given, values, 1), given)

    found = {name: SLOW[measure](use, score).statistic for name, score in named.items()}
    for a, b in ((art, ac), (phon, ac), (art, phon), (phon, art)):
        rest = left(named[a], named[b]), left(use, named[b])
        found[f"{a} given {b}"] = stats.pearsonr(*rest).statistic
    found[CLAIM] = found[art] - found[phon]
    found[f"{CLAIM}, given acoustic"] = found[f"{art} given {ac}"] - found[f"{phon} given {ac}"]
    return found


def rounded(rows):
    """Return rows with many ties."""
    return [replace(r, **{name: round(getattr(r, name)) for name in NUMBERS}) for r in rows]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("ties", [False, True])
def test_quantities_are_those_of_scipy(measure, ties):
    rows = drawn(np.random.default_rng(0), (2, 1, 3, 2, 2))
    rows = rounded(rows) if ties else rows
    found, wanted = asked(rows, measure=measure), slow(rows, measure)
    assert set(found.found) == set(QUANTITIES) == set(wanted)
    for q, value in wanted.items():
        assert found.found[q].estimate == pytest.approx(value, abs=1e-10), q
    assert (found.rows, found.models, found.families) == (40, 10, 5)


@pytest.mark.parametrize("measure", MEASURES)
def test_samples_are_those_of_rows_written_out_as_often_as_they_are_drawn(measure):
    rows = rounded(drawn(np.random.default_rng(1), (2, 1, 3, 2, 2, 1)))
    found = asked(rows, measure=measure, n=30, seed=5)
    rng = np.random.default_rng(5)
    copies = draw_groups(6, 30, rng)
    counts = {}
    for f, models in enumerate((2, 1, 3, 2, 2, 1)):
        times = rng.multinomial(copies[:, f] * models, np.full(models, 1 / models))
        counts |= {f"m{f}.{m}": times[:, m] for m in range(models)}
    for sample in range(30):
        copied = [row for row in rows for _ in range(counts[row.model][sample])]
        for name, value in slow(copied, measure).items():
            assert found.found[name].samples[sample] == pytest.approx(value, abs=1e-9), name


def test_a_family_left_out_is_a_family_that_was_never_there():
    rows = drawn(np.random.default_rng(2), (2, 1, 3, 2, 2))
    found = asked(rows)
    assert list(found.without) == [f"f{k}" for k in range(5)]
    for family, value in found.without.items():
        rest = [row for row in rows if row.family != family]
        assert value == pytest.approx(slow(rest, "pearson")[CLAIM], abs=1e-10)


def test_ranks_do_not_feel_a_bent_scale_and_pearson_does():
    rows = drawn(np.random.default_rng(3), (2,) * 6)
    bent = [replace(row, articulatory=np.exp(2 * row.articulatory)) for row in rows]
    for measure, same in (("spearman", True), ("pearson", False)):
        a, b = asked(rows, measure=measure), asked(bent, measure=measure)
        equal = np.allclose(a.found[CLAIM].samples, b.found[CLAIM].samples, atol=1e-10)
        assert equal == same


def test_units_and_the_order_of_rows_change_nothing():
    rows = drawn(np.random.default_rng(4), (2,) * 6)
    other = [replace(row, acoustic=1e6 + 1e-3 * row.acoustic) for row in reversed(rows)]
    a, b = asked(rows).found, asked(other).found
    assert all(a[q].estimate == pytest.approx(b[q].estimate, abs=1e-6) for q in QUANTITIES)


def test_many_checkpoints_outvote_others_only_where_rows_have_the_voice():
    rows = drawn(np.random.default_rng(5), (2,) * 6)
    copies = [
        replace(row, weights=f"step-{k}") for row in rows if row.model == "m0.0" for k in range(9)
    ]
    change = {
        voice: asked(rows + copies, voice=voice).found[CLAIM].estimate
        - asked(rows, voice=voice).found[CLAIM].estimate
        for voice in LEVELS
    }
    assert change["model"] == pytest.approx(0.0, abs=1e-12)
    assert abs(change["row"]) > 0.01
    every = rows + [replace(row, weights="again") for row in rows if row.family == "f0"]
    for voice, moved in (("row", True), ("family", False)):
        before, after = (asked(r, voice=voice).found[CLAIM].estimate for r in (rows, every))
        assert (abs(before - after) > 1e-3) == moved


def test_a_planted_difference_is_found_with_its_sign():
    rows = drawn(np.random.default_rng(6), (3,) * 10, cov=PLANTED)
    for measure in MEASURES:
        low, high = asked(rows, measure=measure, n=400).found[CLAIM].interval(0.95)
        assert 0.0 < low < 0.5 < high
    swapped = [replace(r, articulatory=r.phonetic, phonetic=r.articulatory) for r in rows]
    assert asked(swapped, n=400).found[CLAIM].interval(0.95)[1] < 0.0


def test_intervals_cover_the_null_and_rows_taken_for_independent_do_not():
    rng = np.random.default_rng(7)
    covered = {True: 0, False: 0}
    for seed in range(100):
        rows = drawn(rng, (3,) * 8)
        own = [replace(r, model=f"{k}", family=f"{k}") for k, r in enumerate(rows)]
        for each, kept in ((rows, True), (own, False)):
            low, high = asked(each, n=100, seed=seed).found[CLAIM].interval(0.95)
            covered[kept] += low <= 0.0 <= high
    assert covered[True] >= 88  # 95 were promised; 300 sets of 300 samples gave 93
    assert covered[False] <= 75


@pytest.mark.filterwarnings("error::grounding.rsa.sampled.FewGroups")
def test_few_families_are_warned_of():
    rows = drawn(np.random.default_rng(8), (1,) * 20)
    asked(rows)
    with pytest.raises(FewGroups, match="19 groups were drawn from"):
        asked(rows[4:])


def test_published_examples_of_the_formulas():
    # Silver, Hittner & May 2006, doi:10.1177/0146621605277132: r12 .3, r13 .4, r23 .5, n 100.
    for name, statistic, p in (("williams", -1.0767, 0.2843), ("steiger", -1.0718, 0.2838)):
        found, null = TESTS[name](0.3, 0.4, 0.5, 100)
        assert (round(found, 4), round(2 * null.sf(-found), 4)) == (statistic, p)
    # Steiger 1980, page 249, prints -.8913, from a covariance rounded to two digits.
    assert TESTS["steiger"](0.4, 0.5, 0.1, 103)[0] == pytest.approx(-0.8913, abs=0.003)


def test_formulas_hold_their_level_where_cases_are_independent_and_not_on_rows():
    rng = np.random.default_rng(9)
    found = {(test, by): 0 for test in TESTS for by in ("family", "row")}
    for _ in range(150):
        rows = drawn(rng, (1,) * 20, layers=3, shares=(0.8, 0.0, 0.2))
        for test, by in found:
            found[test, by] += compare_dependent(rows, test=test, by=by).p < 0.05
    for test in TESTS:
        assert 1 <= found[test, "family"] <= 15  # 7.5, plus or minus three standard errors
        assert found[test, "row"] > 20


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("by", LEVELS)
def test_formulas_take_means_and_find_what_is_planted(test, by):
    rows = drawn(np.random.default_rng(10), (2,) * 24, cov=PLANTED)
    found = compare_dependent(rows, test=test, by=by)
    kept = list(dict.fromkeys(map(LEVELS[by], rows)))
    means = [columns([r for r in rows if LEVELS[by](r) == k]).mean(0) for k in kept]
    r = np.corrcoef(np.transpose(means))
    assert (found.n, found.difference) == (len(kept), pytest.approx(r[0, 1] - r[0, 2]))
    assert found.statistic > 0.0 and found.p < 0.05


def test_the_mixed_model_is_least_squares_under_its_own_variances():
    pytest.importorskip("statsmodels", reason="a mixed model needs statsmodels")
    rng = np.random.default_rng(11)
    rows = drawn(rng, (2,) * 6, layers=3, weights=("trained", "random-0"), shares=(0, 0, 1))
    effect = {row.model: rng.normal() for row in rows}
    effect |= {(row.model, row.layer): 0.5 * rng.normal() for row in rows}
    use = [r.articulatory + 0.3 * r.phonetic + 0.2 * rng.normal() for r in rows]
    random = [effect[r.model] + effect[r.model, r.layer] for r in rows]
    rows = [replace(r, downstream=a + b) for r, a, b in zip(rows, use, random, strict=True)]
    found = mixed_model(rows, level=0.95)
    y, *x = stats.zscore(columns(rows)).T
    design = np.column_stack([np.ones(len(y)), *x])
    model = np.array([[a.model == b.model for b in rows] for a in rows])
    layer = model & [[a.layer == b.layer for b in rows] for a in rows]
    part = found.variances
    random = part["model"] * model + part["layer"] * layer
    inverse = np.linalg.inv(random + part["row"] * np.eye(len(y)))
    spread = np.linalg.inv(design.T @ inverse @ design)
    slopes = spread @ design.T @ inverse @ y
    for k, name in enumerate(NUMBERS[1:], start=1):
        reach = 1.959964 * np.sqrt(spread[k, k])
        assert found.slopes[name] == pytest.approx(slopes[k] + reach * SIDES, abs=1e-3)
    assert found.slopes[CLAIM][0] == pytest.approx(slopes[1] - slopes[2], abs=1e-3)
    assert found.slopes[CLAIM][1] > 0.0  # planted
    assert found.slopes["acoustic"][1] < 0.0 < found.slopes["acoustic"][2]  # nothing planted
    assert found.converged and part["model"] > part["row"]


def test_a_mixed_model_needs_second_rows_of_layers_and_statsmodels(monkeypatch):
    rows = drawn(np.random.default_rng(12), (2,) * 6)
    monkeypatch.setitem(sys.modules, MIXED, None)
    with pytest.raises(UserError, match="needs statsmodels: pip install"):
        mixed_model(rows, level=0.95)
    for name in ("statsmodels", "statsmodels.regression", MIXED):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(MixedLM=None))
    with pytest.raises(UserError, match="every layer has one row"):
        mixed_model(rows, level=0.95)


def test_the_table_is_tidy():
    rows = drawn(np.random.default_rng(13), (1,) * 5)
    table = tidy(rows)
    assert list(table) == ["model", "family", "layer", "weights", *NUMBERS]
    assert table.to_numpy().tolist() == [list(vars(row).values()) for row in rows]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            lambda rows: rows[: 4 * (FEWEST - 1)],
            "found models of 4 families .f0, f1, f2, f3.: what predicts use is asked of 5",
        ),
        (lambda rows: [], "found models of 0 families .no row."),
        (lambda rows: rows + rows[:1], "two rows are of one model, layer and weights"),
        (lambda rows: [replace(rows[0], family="f1"), *rows[1:]], "a model is in two families"),
        (lambda rows: [replace(r, phonetic=0.1) for r in rows], "phonetic is the same in all 24"),
        (lambda rows: [replace(r, acoustic=2 * r.phonetic) for r in rows], "copies of each other"),
    ],
)
def test_rows_that_cannot_answer_are_refused(spoil, says):
    rows = spoil(drawn(np.random.default_rng(14), (1,) * 6))
    with pytest.raises(UserError, match=says):
        asked(rows)


def test_other_faults_are_named():
    rows = drawn(np.random.default_rng(15), (1,) * 6)
    with pytest.raises(UserError, match="one sample or more, found n=0"):
        asked(rows, n=0)
    with pytest.raises(UnknownName, match="Did you mean 'spearman'"):
        asked(rows, measure="spearmann")
    with pytest.raises(UnknownName, match="unknown level 'layer'"):
        asked(rows, voice="layer")
    with pytest.raises(UnknownName, match="unknown test 'steigr'"):
        compare_dependent(rows, test="steigr", by="row")
    with pytest.raises(UserError, match="layer 0, trained: phonetic is nan; leave the row"):
        replace(rows[0], phonetic=float("nan"))
