"""Agreement without RDMs: equal to that of the RDMs, in little memory, whatever the way."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from grounding.errors import StimulusMismatch, UnknownName, UserError
from grounding.rsa import MEASURES, METRICS, RDM, compare_many, rdm
from grounding.rsa.closed_form import HELD, has_closed_form
from grounding.rsa.features import Features
from grounding.rsa.streaming import compare_features

STREAMED = ["pearson", "cosine"]
N = 90


def name_stimuli(n: int) -> tuple[str, ...]:
    return tuple(f"s{i:04d}" for i in range(n))


def made(seed: int, metric: str, *, n: int = N, width: int = 12, dtype=np.float64, offset=0.0):
    """Make features that share some of their geometry with those of other seeds."""
    shared = np.random.default_rng(99).normal(size=(n, 12)) * np.linspace(2.0, 0.2, 12)
    rng = np.random.default_rng(seed)
    values = shared @ rng.normal(size=(12, width)) + rng.normal(size=(n, width)) + offset
    return Features(values.astype(dtype), name_stimuli(n), metric, f"seed {seed}")


def held(source: Features | RDM) -> RDM:
    if isinstance(source, RDM):
        return source
    return rdm(source.values, source.ids, metric=source.metric, name=source.name)


def both_ways(models, references, *, controls=(), **how):
    """Return the agreements from features and from RDMs."""
    streamed = compare_features(models, references, controls=controls, **how)
    how.pop("tile", None)
    kept = ([held(one) for one in side] for side in (models, references, controls))
    models, references, controls = kept
    return streamed, compare_many(models, references, controls=controls, **how)


def references_of_each_kind(metric: str) -> list[Features | RDM]:
    return [made(10, metric, width=5), made(11, "euclidean"), held(made(12, "cosine"))]


@pytest.mark.parametrize("measure", STREAMED)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("controls", [0, 1, 3])
@pytest.mark.parametrize("controlled", ["both", "model", "reference"])
def test_agreements_are_those_of_the_rdms(metric, measure, controls, controlled):
    controls = [made(20, metric), held(made(21, "euclidean")), made(22, "cosine")][:controls]
    streamed, kept = both_ways(
        [made(0, metric), made(1, metric, width=30)],
        references_of_each_kind(metric),
        measure=measure,
        controls=controls,
        controlled=controlled,
        tile=32,
    )
    assert np.abs(streamed - kept).max() < 1e-12
    assert len(np.unique(streamed.round(6))) == streamed.size


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_pearson_is_the_correlation_of_scipys_distances(metric):
    a, b = made(0, metric), made(1, metric)
    slow = np.corrcoef(pdist(a.values, metric), pdist(b.values, metric))[0, 1]
    assert compare_features([a], [b], measure="pearson")[0, 0] == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_the_closed_form_is_for_metrics_that_are_squared_distances_and_few_features(metric):
    distances = held(made(0, metric)).values
    points = made(0, metric).points(slice(0, N))
    squared = np.allclose(distances, pdist(points, "sqeuclidean"))
    assert squared == (metric != "euclidean")
    assert has_closed_form(made(0, metric, width=N // 4)) == squared
    assert not has_closed_form(made(0, metric, width=N // 4 + 1))
    assert not has_closed_form(held(made(0, metric)))


@pytest.mark.parametrize("measure", STREAMED)
@pytest.mark.parametrize(
    ("metric", "offset"),
    [
        *((metric, offset) for metric in METRICS for offset in (1e3, 1e6)),
        ("euclidean", 1e9),  # under the others the rows would be parallel to the last digit
        ("squared-euclidean", 1e9),
    ],
)
@pytest.mark.parametrize("n", [300, 700])
def test_an_offset_that_all_stimuli_share_costs_no_digits(n, metric, measure, offset):
    models = [made(0, metric, n=n, offset=offset), made(1, metric, n=n, width=2, offset=offset)]
    models = models[: 1 if metric == "correlation" else 2]  # of two features it is 0 or 2
    references = [made(2, metric, n=n, offset=offset), made(3, "euclidean", n=n, offset=offset)]
    streamed, kept = both_ways(models, references, measure=measure)
    assert np.abs(streamed - kept).max() < 1e-9


@pytest.mark.parametrize("width", [75, 76, 300, 600])
@pytest.mark.parametrize("metric", METRICS)
def test_distances_that_are_nearly_all_the_same_cost_no_digits(metric, width):
    # Rows that are as orthogonal as so many features allow.
    corners = np.eye(width)[np.arange(300) % width]
    rng = np.random.default_rng(0)
    values = [corners + 1e-5 * rng.normal(size=corners.shape) for _ in range(2)]
    models = [Features(one, name_stimuli(300), metric) for one in values]
    streamed, kept = both_ways(models[:1], models[1:], measure="pearson")
    assert np.abs(streamed - kept).max() < 1e-9


@pytest.mark.parametrize("noise", [0.0, 1e-12, 1e-5])
@pytest.mark.parametrize("metric", METRICS)
def test_stimuli_that_are_alike_keep_their_small_distances(metric, noise):
    # A tenth of all distances are zero or nearly so, where a product of rows has no digits left.
    rng = np.random.default_rng(0)
    groups = np.arange(N) % 9
    values = [rng.normal(size=(9, 40))[groups] for _ in range(2)]
    values = [one + noise * rng.normal(size=one.shape) for one in values]
    models = [Features(one, name_stimuli(N), metric) for one in values]
    for measure in STREAMED:
        streamed, kept = both_ways(models[:1], models[1:], measure=measure, tile=32)
        assert np.isfinite(streamed).all()
        assert np.abs(streamed - kept).max() < 1e-9


@pytest.mark.parametrize("measure", STREAMED)
@pytest.mark.parametrize("metric", METRICS)
def test_the_size_of_a_tile_does_not_matter(metric, measure):
    models, references = [made(0, metric), made(1, metric)], references_of_each_kind(metric)
    expected = compare_features(models, references, measure=measure)
    for tile in (1, 2, 7, 30, N - 1, N, 10 * N):
        found = compare_features(models, references, measure=measure, tile=tile)
        assert np.abs(found - expected).max() < 1e-12


def test_products_that_do_not_fit_into_memory_at_once_are_summed_in_turns(monkeypatch):
    models = [made(seed, "correlation") for seed in range(3)]
    references = [made(10, "cosine", width=5), made(11, "correlation")]
    expected = compare_features(models, references, measure="pearson")
    for elements in (1, 200, 300):
        assert elements < HELD
        monkeypatch.setattr("grounding.rsa.closed_form.HELD", elements)
        assert (compare_features(models, references, measure="pearson") == expected).all()


@pytest.mark.parametrize("measure", STREAMED)
def test_models_do_not_depend_on_their_order_nor_on_their_company(measure):
    models = [made(i, metric) for i, metric in enumerate(METRICS)]
    references = references_of_each_kind("correlation")
    found = compare_features(models, references, measure=measure, tile=32)
    backwards = compare_features(models[::-1], references, measure=measure, tile=32)
    assert (backwards[::-1] == found).all()  # to the bit
    for i, model in enumerate(models):
        for j, reference in enumerate(references):
            alone = compare_features([model], [reference], measure=measure, tile=32)
            assert alone[0, 0] == found[i, j]


@pytest.mark.parametrize("measure", STREAMED)
@pytest.mark.parametrize("metric", METRICS)
def test_stimuli_reordered_in_all_change_nothing_and_rows_of_one_change_the_number(metric, measure):
    a, b = made(0, metric), made(1, metric)
    whole = compare_features([a], [b], measure=measure)[0, 0]
    order = np.random.default_rng(0).permutation(N)
    ids = [a.ids[i] for i in order]
    moved = compare_features([a.select(ids)], [b.select(ids)], measure=measure)[0, 0]
    assert moved == pytest.approx(whole, abs=1e-12)
    permuted = Features(b.values[order], b.ids, metric)
    assert abs(compare_features([a], [permuted], measure=measure)[0, 0] - whole) > 1e-2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
@pytest.mark.parametrize("metric", METRICS)
def test_features_of_every_precision_are_compared_in_double(metric, dtype):
    given = [made(seed, metric, dtype=dtype) for seed in (0, 1)]
    double = [Features(one.values.astype(np.float64), one.ids, metric) for one in given]
    found, expected = (
        compare_features(one[:1], one[1:], measure="pearson") for one in (given, double)
    )
    assert (found == expected).all()


def test_held_rdms_in_single_precision_are_compared_in_double():
    model, reference = made(0, "correlation"), held(made(1, "euclidean"))
    single = RDM(reference.values.astype(np.float32), reference.ids, "euclidean")
    double = RDM(single.values.astype(np.float64), reference.ids, "euclidean")
    found, expected = (
        compare_features([model], [one], measure="pearson") for one in (single, double)
    )
    assert found == pytest.approx(expected, abs=1e-14)
    assert found != compare_features([model], [reference], measure="pearson")


@pytest.mark.parametrize("metric", METRICS)
def test_features_may_be_memory_mapped(metric, tmp_path):
    source = made(0, metric, dtype=np.float32)
    np.save(tmp_path / "layer.npy", source.values)
    mapped = np.load(tmp_path / "layer.npy", mmap_mode="r")
    layer = Features(mapped, source.ids, metric)
    assert np.shares_memory(layer.values, mapped)
    reference = [made(1, metric)]
    found, expected = (
        compare_features([one], reference, measure="pearson", tile=32) for one in (layer, source)
    )
    assert (found == expected).all()


def test_features_are_neither_copied_nor_changed():
    values = made(0, "euclidean").values.copy()
    before = values.copy()
    layer = Features(values, name_stimuli(N), "squared-euclidean")
    assert np.shares_memory(layer.values, values)
    assert not layer.values.flags.writeable
    compare_features([layer], [made(1, "euclidean"), made(2, "cosine")], measure="cosine")
    assert (values == before).all()
    assert values.flags.writeable


@pytest.mark.parametrize("metric", METRICS)
def test_no_rdm_is_ever_held(metric):
    models = [made(seed, metric, n=2000) for seed in (0, 1)]
    references = [made(2, metric, n=2000)]
    one_rdm = 8 * 2000 * 1999 // 2
    tracemalloc.start()
    compare_features(models, references, measure="pearson", tile=128)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < one_rdm / 8


def test_progress_counts_every_step_up_to_all_of_them():
    seen: list[tuple[int, int]] = []
    compare_features(
        [made(0, "correlation"), made(1, "euclidean")],
        [made(2, "cosine")],
        measure="pearson",
        tile=40,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [done for done, _ in seen] == list(range(1, 10))  # 3 pieces, then 6 tiles
    assert {total for _, total in seen} == {9}


@pytest.mark.parametrize("measure", [name for name in MEASURES if name not in STREAMED])
def test_measures_that_cannot_stream_say_so(measure):
    with pytest.raises(
        UserError,
        match=f"{measure} needs all dissimilarities at once: take pearson or cosine,.*compare_many",
    ):
        compare_features([made(0, "cosine")], [made(1, "cosine")], measure=measure)


def test_what_cannot_be_compared_is_refused():
    a, b = made(0, "cosine"), made(1, "euclidean")
    with pytest.raises(UnknownName, match=r"unknown measure 'pearsn'. Did you mean 'pearson'"):
        compare_features([a], [b], measure="pearsn")
    with pytest.raises(UnknownName, match="unknown side that is controlled 'modle'"):
        compare_features([a], [b], measure="pearson", controlled="modle")
    with pytest.raises(UserError, match="needs a model and a reference, and one list is empty"):
        compare_features([], [b], measure="pearson")
    with pytest.raises(UserError, match="a tile needs one stimulus or more, found tile=0"):
        compare_features([a], [b], measure="pearson", tile=0)
    few = [made(seed, "euclidean", n=4) for seed in range(7)]
    with pytest.raises(UserError, match="5 controls and pearson need at least 8 pairs, found 6"):
        compare_features(few[:1], few[1:2], measure="pearson", controls=few[2:])


def test_other_stimuli_and_another_order_are_refused():
    a, b = made(0, "cosine"), made(1, "euclidean")
    turned = b.select(b.ids[::-1])
    with pytest.raises(
        StimulusMismatch,
        match=r"RDM 0 \(seed 0\) and RDM 1 \(seed 1\) hold the same ids in another order: "
        "at 0 the first has 's0000', the second 's0089'",
    ):
        compare_features([a], [turned], measure="pearson")
    with pytest.raises(StimulusMismatch, match=r"2 ids are only in the first.*select"):
        compare_features([a], [held(b).select(b.ids[2:])], measure="pearson")


@pytest.mark.parametrize("measure", STREAMED)
@pytest.mark.parametrize("metric", ["euclidean", "squared-euclidean"])
def test_what_leaves_nothing_to_compare_is_refused_by_name(metric, measure):
    a, b, control = (made(seed, metric) for seed in range(3))
    flat = Features(np.full((N, 3), 0.1), a.ids, metric, "flat")
    with pytest.raises(UserError, match=r"RDM 1 \(flat\) is constant over the 4005 pairs \(all\)"):
        compare_features([a], [flat], measure=measure)
    even = Features(np.eye(N), a.ids, metric, "even")
    with pytest.raises(UserError, match=r"RDM 1 \(even\) is constant over the 4005 pairs \(all\)"):
        compare_features([a], [even], measure=measure)
    with pytest.raises(UserError, match=r"control RDM 3 \(seed 2\) is a linear combination"):
        compare_features([a], [b], measure=measure, controls=[control, control])
    with pytest.raises(UserError, match=r"control RDM 2 \(seed 1\).*explains all of RDM 1 \(seed"):
        compare_features([a], [b], measure=measure, controls=[b])


def test_features_check_themselves():
    values, ids = made(0, "cosine").values[:4].copy(), ("a", "b", "c", "d")
    with pytest.raises(UnknownName, match=r"unknown metric 'cosin'. Did you mean 'cosine'"):
        Features(values, ids, "cosin")
    with pytest.raises(UserError, match="stimulus id 'a' is there 2 times"):
        Features(values, ("a", "b", "a", "c"), "cosine")
    with pytest.raises(
        UserError,
        match=r"features 'x': 4 ids need features of shape \(4, feature\), found \(3, 12\)",
    ):
        Features(values[:3], ids, "cosine", "x")
    with pytest.raises(UserError, match=r"floating-point numbers, found int64; .* \.astype"):
        Features(np.ones((4, 2), np.int64), ids, "cosine")
    flat = values.copy()
    flat[[1, 3]] = 0.1
    with pytest.raises(UserError, match="'correlation' is not defined for constant features: b, d"):
        Features(flat, ids, "correlation")
    values[[1, 2], 3] = np.nan, np.inf
    with pytest.raises(UserError, match=r"features: the row of 'b' is not finite \(2 such rows\)"):
        Features(values, ids, "cosine")


def test_rows_that_are_not_finite_are_counted_over_all_pieces(monkeypatch):
    monkeypatch.setattr("grounding.rsa.features.PIECE", 8)
    values = made(0, "cosine").values.copy()
    values[[3, 50, 89], 0] = np.nan
    with pytest.raises(UserError, match=r"the row of 's0003' is not finite \(3 such rows\)"):
        Features(values, name_stimuli(N), "cosine")


def test_features_are_selected_by_id():
    whole = made(0, "cosine", dtype=np.float32)
    part = whole.select(["s0005", "s0000", "s0042"])
    assert part.ids == ("s0005", "s0000", "s0042")
    assert (part.values == whole.values[[5, 0, 42]]).all()
    assert (part.metric, part.name, part.values.dtype) == ("cosine", "seed 0", np.float32)
    with pytest.raises(StimulusMismatch, match=r"seed 0 have no stimulus 'z' \(1 of 3 asked for"):
        whole.select(["s0000", "z", "s0001"])
