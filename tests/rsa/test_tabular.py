"""Arrays and data frames: there and back to the bit, and every fault is refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grounding.errors import UserError
from grounding.rsa.rdm import RDM
from grounding.rsa.tabular import (
    from_pair_frame,
    from_square,
    from_square_frame,
    to_pair_frame,
    to_square_frame,
)

patient = settings(deadline=None)  # machines are slow at times

IDS = ("a", "b", "c", "d")
FORMS = {
    "square array": (
        lambda made: made.square(),
        lambda form, ids, **how: from_square(form, ids, **how),
    ),
    "condensed": (
        lambda made: made.values,
        lambda form, ids, *, metric, name: RDM(form, ids, metric, name),
    ),
    "square frame": (to_square_frame, lambda form, ids, **how: from_square_frame(form, **how)),
    "pair frame": (to_pair_frame, lambda form, ids, **how: from_pair_frame(form, **how)),
}


@st.composite
def rdms(draw) -> RDM:
    """Draw an RDM with any names and any finite values, as large and as small as they come."""
    ids = draw(st.lists(st.text(max_size=5), min_size=3, max_size=6, unique=True))
    width, kind = draw(st.sampled_from([(32, np.float32), (64, np.float64)]))
    values = st.floats(allow_nan=False, allow_infinity=False, width=width)
    condensed = draw(arrays(kind, len(ids) * (len(ids) - 1) // 2, elements=values))
    return RDM(condensed, tuple(ids), draw(st.text(max_size=5)), draw(st.text(max_size=5)))


def same(one: RDM, other: RDM) -> bool:
    fields = [(made.ids, made.metric, made.name, made.values.dtype) for made in (one, other)]
    return fields[0] == fields[1] and bool((one.values == other.values).all())


@pytest.mark.parametrize("form", FORMS)
@patient
@given(rdms())
def test_every_form_gives_the_rdm_back(form, made):
    give, take = FORMS[form]
    assert same(take(give(made), made.ids, metric=made.metric, name=made.name), made)


def planted() -> RDM:
    return RDM(np.arange(1.0, 7.0), IDS, "m", "x")


def test_a_square_frame_is_indexed_by_ids_both_ways():
    frame = to_square_frame(planted())
    assert frame.loc["a", "c"] == frame.loc["c", "a"] == 2.0
    assert frame.loc["b", "c"] == 4.0
    assert list(frame.index) == list(frame.columns) == list(IDS)


def test_a_pair_frame_has_one_row_a_pair_in_condensed_order():
    frame = to_pair_frame(planted())
    assert list(frame.columns) == ["first", "second", "value"]
    assert frame.to_numpy().tolist()[:4] == [
        ["a", "b", 1.0],
        ["a", "c", 2.0],
        ["a", "d", 3.0],
        ["b", "c", 4.0],
    ]
    frame.loc[0, "value"] = 9.0  # a copy
    assert planted().values[0] == 1.0


@patient
@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6))
def test_pairs_may_come_in_any_order_and_either_way_round(order, turned):
    frame = to_pair_frame(planted()).iloc[order].reset_index(drop=True)
    for row, turn in enumerate(turned):
        if turn:
            frame.loc[row, ["first", "second"]] = frame.loc[row, ["second", "first"]].to_numpy()
    shuffled = frame[["value", "second", "first"]]
    assert same(from_pair_frame(shuffled, metric="m", name="x", ids=IDS), planted())
    as_they_come = from_pair_frame(frame, metric="m")
    assert as_they_come.ids[:2] == (frame["first"][0], frame["second"][0])
    assert (as_they_come.select(IDS).values == planted().values).all()


def test_whole_numbers_and_tables_read_from_text_are_taken():
    square = planted().square()
    assert same(from_square(square.astype(int), IDS, metric="m", name="x"), planted())
    assert from_square(square > 3.0, IDS, metric="m").values.tolist() == [0, 0, 0, 1, 1, 1]
    frame = pd.DataFrame({"first": list("aab"), "second": list("bcc"), "value": [1, 2, 3]})
    assert from_pair_frame(frame, metric="m").values.tolist() == [1.0, 2.0, 3.0]


def test_rounding_is_no_asymmetry_and_no_diagonal():
    square = 1e3 * planted().square()
    square[1, 0] *= 1.0 + 1e-9
    square[2, 2] = 1e-9
    assert (from_square(square, IDS, metric="m").values == 1e3 * planted().values).all()


def spoiled(i: int, j: int, value: float) -> np.ndarray:
    square = planted().square()
    square[i, j] = value
    return square


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((4, 3)), r"4 ids need an array of shape \(4, 4\), found \(4, 3\)"),
        (np.arange(6.0), r"found \(6,\); condensed values go to RDM\(values, ids, metric\)"),
        (spoiled(1, 3, np.nan), "finite: found nan for 'b' with 'd' and 5.0 the other way"),
        (spoiled(3, 1, np.inf), "finite: found inf for 'd' with 'b'"),
        (spoiled(3, 1, 5.001), "symmetric: found 5.0 for 'b' with 'd' and 5.001 the other way"),
        (np.sign(np.arange(4) - np.arange(4)[:, None]) * 1.7e308, "symmetric: found 1.7e"),
        (spoiled(2, 2, 1.0), "zeros on its diagonal, found 1.0 at 'c'; is it a similarity?"),
        (planted().square().astype(complex), "a square array holds numbers, found complex128"),
        (planted().square().astype(str), "a square array holds numbers, found <U"),
    ],
)
def test_a_square_that_is_no_rdm_is_refused(array, message):
    with pytest.raises(UserError, match=message):
        from_square(array, IDS, metric="m")


@pytest.mark.parametrize("place", [(600, 2), (2, 600), (600, 601)])
def test_a_fault_is_found_in_every_block_of_rows(place):
    square = np.ones((700, 700)) - np.eye(700)
    ids = [f"s{i}" for i in range(700)]
    assert from_square(square, ids, metric="m").n == 700
    square[place] = 2.0
    with pytest.raises(UserError, match=f"symmetric.*'s{min(place)}' with 's{max(place)}'"):
        from_square(square, ids, metric="m")


def test_rows_and_columns_must_name_the_same_ids():
    frame = to_square_frame(planted())
    with pytest.raises(UserError, match=r"their order differs; take frame\[frame.index\]"):
        from_square_frame(frame[["b", "a", "c", "d"]], metric="m")
    assert same(
        from_square_frame(frame[["b", "a", "c", "d"]][frame.index], metric="m", name="x"), planted()
    )
    with pytest.raises(UserError, match="same ids: 'd' is in one of them only"):
        from_square_frame(frame.rename(columns={"d": "z"}), metric="m")
    with pytest.raises(UserError, match="a stimulus id is a string, found 0"):
        from_square_frame(pd.DataFrame(planted().square()), metric="m")


def pairs(**changes: object) -> pd.DataFrame:
    return to_pair_frame(planted()).assign(**changes)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pairs(extra=1), "has the columns first, second, value, found first, second, value, extra"),
        (pairs().drop(columns="value"), "found first, second"),
        (pairs(value=list("uvwxyz")), "the column 'value' holds numbers, found"),
        (pairs(value=[1, 2, 3, 4, 5, np.nan]), "1 of 6 values are not finite"),
        (
            pairs(first=["a", "a", "a", "b", "b", None]),
            "a stimulus id is a string, found (None|nan)",
        ),
        (pairs(second=["b", "c", "d", "c", "b", "d"]), "stimulus 'b' is paired with itself"),
        (pairs().iloc[:5], r"pair of 'c' and 'd' is not there \(1 such pairs\)"),
        (pd.concat([pairs(), pairs().iloc[[4]]]), r"'b' and 'd' is there twice or more \(1 such"),
        (
            pd.concat(
                [pairs(), pairs().iloc[[1]].rename(columns={"first": "second", "second": "first"})]
            ),
            "'a' and 'c' is there twice or more",
        ),
    ],
)
def test_a_frame_that_does_not_have_every_pair_once_is_refused(frame, message):
    with pytest.raises(UserError, match=message):
        from_pair_frame(frame, metric="m")


def test_ids_that_are_asked_for_are_those_of_the_frame():
    with pytest.raises(UserError, match="id 'd' of the frame is not among the ids asked for"):
        from_pair_frame(pairs(), metric="m", ids=["a", "b", "c"])
    with pytest.raises(UserError, match=r"'a' and 'e' is not there \(4 such pairs\)"):
        from_pair_frame(pairs(), metric="m", ids=[*IDS, "e"])
