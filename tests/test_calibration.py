"""Calibration tells a test that keeps its promise from one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.bench import trials
from grounding.bench.calibration import KINDS, Calibration, calibrate
from grounding.bench.scenarios import CALIBRATIONS, MISTAKES
from grounding.errors import UnknownName, UserError


def at_rate(rate: float, kind: str = "false positives", name: str = "row") -> Calibration:
    """Return a row that counts 1 at this rate."""
    return Calibration(
        name=name,
        kind=kind,
        once=lambda rng: float(rng.random() < rate),
        settings="made up",
        simulations=400,
    )


@pytest.mark.parametrize(
    ("kind", "rate", "verdict"),
    [
        ("false positives", 0.05, "within error"),
        ("false positives", 0.15, "liberal"),
        ("false positives", 0.0, "conservative"),
        ("family-wise", 0.15, "liberal"),
        ("family-wise", 0.0, "within bound"),
        ("false discoveries", 0.15, "liberal"),
        ("coverage", 0.95, "within error"),
        ("coverage", 0.85, "liberal"),
        ("coverage", 1.0, "conservative"),
        ("power", 0.5, ""),
    ],
)
def test_a_verdict_says_which_way_a_rate_is_off(kind, rate, verdict):
    (found,) = calibrate([at_rate(rate, kind)], seed=0)
    assert found.verdict == verdict
    assert found.rate == pytest.approx(rate, abs=0.05)
    assert found.error == pytest.approx(np.sqrt(found.rate * (1 - found.rate) / 400), rel=0.01)
    assert (found.simulations, found.nominal) == (400, KINDS[kind].nominal)


def test_calibrated_rows_are_called_off_one_time_in_a_hundred():
    rows = [at_rate(0.05, name=str(k)) for k in range(300)]
    off = [row.verdict != "within error" for row in calibrate(rows, seed=0)]
    assert sum(off) <= 9


def test_results_do_not_depend_on_processes_or_order_or_other_rows():
    rows = [CALIBRATIONS[name] for name in list(CALIBRATIONS)[:3]]
    seen = []
    alone = calibrate(rows, seed=0, simulations=40, progress=lambda *what: seen.append(what))
    assert seen == [(row.name, done, 40) for row in rows for done in (25, 40)]
    assert calibrate(rows, seed=0, simulations=40, processes=2) == alone
    assert calibrate(rows[::-1], seed=0, simulations=40) == alone[::-1]
    assert calibrate(rows[1:2], seed=0, simulations=40) == alone[1:2]
    one, other = (
        calibrate([at_rate(0.5, name=name)], seed=seed)[0].rate
        for name, seed in (("row", 0), ("row", 1))
    )
    assert one != other
    assert calibrate([at_rate(0.5, name="another")], seed=0)[0].rate != one


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_every_row_runs(name, monkeypatch):
    monkeypatch.setattr(trials, "SETS", 10)
    monkeypatch.setattr(trials, "PERMUTATIONS", 19)
    monkeypatch.setattr(trials, "SAMPLES", 20)
    trials._truth.cache_clear()
    (found,) = calibrate([CALIBRATIONS[name]], seed=0, simulations=2)
    trials._truth.cache_clear()
    assert 0.0 <= found.rate <= 1.0
    assert found.name == name


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_caught(name):
    (found,) = calibrate([MISTAKES[name]], seed=0, simulations=150)
    assert found.verdict == "liberal"


@pytest.mark.parametrize(
    "name",
    [
        "permutation, best of 13, 20 stimuli",
        "permutation, whole groups, 10 x 3 stimuli",
        "permutation, nuisance controlled, 20 stimuli",
        "groups, 12 x 3 stimuli",
    ],
)
def test_what_the_mistakes_should_have_done_is_not(name):
    (found,) = calibrate([CALIBRATIONS[name]], seed=0, simulations=150)
    assert found.verdict == "within error"


def test_a_permutation_test_finds_what_is_there():
    rows = [row for row in CALIBRATIONS.values() if row.kind == "power"]
    few, many = (row.rate for row in calibrate(rows, seed=0, simulations=60))
    assert 0.2 < few < many


def test_what_cannot_be_calibrated_is_refused():
    with pytest.raises(UserError, match="processes must be 1 or more, found 0"):
        calibrate([at_rate(0.5)], seed=0, processes=0)
    with pytest.raises(UserError, match="two rows have one name"):
        calibrate([at_rate(0.5), at_rate(0.1)], seed=0)
    with pytest.raises(UserError, match="two simulations or more, found 1"):
        calibrate([at_rate(0.5)], seed=0, simulations=1)
    with pytest.raises(UserError, match="two simulations or more, found 0"):
        calibrate([at_rate(0.5)], seed=0, simulations=0)
    with pytest.raises(UnknownName, match=r"unknown kind of calibration 'cover'\. Did you mean"):
        calibrate([at_rate(0.5, "cover")], seed=0, simulations=2)
    assert calibrate([], seed=0) == []
