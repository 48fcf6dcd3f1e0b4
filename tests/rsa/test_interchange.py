"""rsatoolbox and its files: there and back, its own evaluation agrees, and nothing is unpickled."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rsatoolbox.inference import eval_fixed
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs, load_rdm
from rsatoolbox.rdm import compare as theirs_compare

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa.agreement import compare_many
from grounding.rsa.interchange import from_rsatoolbox, read_rdms, to_rsatoolbox, write_rdms
from grounding.rsa.measures import MEASURES
from grounding.rsa.rdm import RDM

patient = settings(deadline=None)  # machines are slow at times

IDS = ("a", "b", "c", "d")
THEIRS = {  # what rsatoolbox calls our measures
    "pearson": "corr",
    "cosine": "cosine",
    "spearman": "spearman",
    "rho-a": "rho-a",
    "tau-a": "tau-a",
    "whitened-cosine": "cosine_cov",
    "whitened-correlation": "corr_cov",
}
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
VALUES = st.lists(TEXT) | st.lists(st.booleans()) | st.lists(st.integers(-(2**40), 2**40))


@st.composite
def labelled(draw) -> tuple[list[RDM], dict[str, list[object]], dict[str, list[object]]]:
    """Draw RDMs over the same stimuli, and descriptors of stimuli and of RDMs."""
    ids = draw(st.lists(TEXT, min_size=3, max_size=5, unique=True))
    width, kind = draw(st.sampled_from([(32, np.float32), (64, np.float64)]))
    number = st.floats(allow_nan=False, allow_infinity=False, width=width)
    values = arrays(kind, len(ids) * (len(ids) - 1) // 2, elements=number)
    made = [
        RDM(draw(values), tuple(ids), draw(TEXT), draw(TEXT))
        for _ in range(draw(st.integers(1, 3)))
    ]

    def descriptors(count):
        of = st.one_of(
            st.lists(one, min_size=count, max_size=count)
            for one in (TEXT, st.booleans(), st.integers(-(2**40), 2**40), st.floats(-9, 9))
        )
        key = st.text("abcß _-", min_size=1, max_size=4)
        return draw(st.dictionaries(key, of, max_size=2))

    return made, descriptors(len(ids)), descriptors(len(made))


def check_same(found, made, patterns, each) -> None:
    for one, other in zip(found.rdms, made, strict=True):
        assert (one.ids, one.metric, one.name) == (other.ids, other.metric, other.name)
        assert one.values.dtype == other.values.dtype
        assert (one.values == other.values).all()
    assert found.pattern_descriptors == {key: tuple(of) for key, of in patterns.items()}
    assert found.rdm_descriptors == {key: tuple(of) for key, of in each.items()}
    assert found.descriptors == {}


@patient
@given(labelled())
def test_rsatoolbox_gives_everything_back(drawn):
    made, patterns, each = drawn
    theirs = to_rsatoolbox(made, pattern_descriptors=patterns, rdm_descriptors=each)
    check_same(from_rsatoolbox(theirs), made, patterns, each)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labelled())
def test_a_file_gives_everything_back_and_rsatoolbox_reads_it(tmp_path, drawn):
    made, patterns, each = drawn
    path = tmp_path / "some.h5"
    write_rdms(made, path, pattern_descriptors=patterns, rdm_descriptors=each, overwrite=True)
    check_same(read_rdms(path), made, patterns, each)
    theirs = load_rdm(str(path))
    assert (theirs.dissimilarities == np.stack([one.values for one in made])).all()
    assert theirs.n_cond == made[0].n
    if all(map(str.isascii, made[0].ids)):
        assert theirs.pattern_descriptors["id"] == list(made[0].ids)


def test_a_file_that_rsatoolbox_wrote_is_read(tmp_path):
    values = np.arange(12.0).reshape(2, 6)
    theirs = RDMs(
        values,
        dissimilarity_measure="crossnobis",
        descriptors={"session": 3, "site": "x"},
        rdm_descriptors={"name": ["one", "two"], "roi": ["left", "right"]},
        pattern_descriptors={"word": ["bit", "bat", "beat", "boot"], "index": [4, 2, 3, 9]},
    )
    theirs.save(str(tmp_path / "theirs.hdf5"))
    for found in (
        read_rdms(str(tmp_path / "theirs.hdf5"), descriptor="word"),
        from_rsatoolbox(theirs, descriptor="word"),
    ):
        assert [one.name for one in found.rdms] == ["one", "two"]
        assert [one.metric for one in found.rdms] == ["crossnobis", "crossnobis"]
        assert (found.rdms[1].values == values[1]).all()
        assert found.rdms[0].ids == ("bit", "bat", "beat", "boot")
        assert found.pattern_descriptors == {"index": (4, 2, 3, 9)}
        assert found.rdm_descriptors == {"roi": ("left", "right")}
        assert found.descriptors == {"session": 3, "site": "x"}
    assert from_rsatoolbox(theirs, descriptor="index").rdms[0].ids == ("4", "2", "3", "9")


def test_rdms_without_a_measure_or_a_name_say_so():
    found = from_rsatoolbox(RDMs(np.ones((1, 6)), pattern_descriptors={"id": list(IDS)}))
    assert (found.rdms[0].metric, found.rdms[0].name) == ("unknown", "")
    assert found.pattern_descriptors == found.rdm_descriptors == {}
    several = [RDM(np.ones(6), IDS, metric) for metric in ("euclidean", "cosine")]
    assert to_rsatoolbox(several).dissimilarity_measure is None
    assert to_rsatoolbox(several[:1]).dissimilarity_measure == "euclidean"


@pytest.mark.filterwarnings("ignore:Noise ceiling for tau")
@pytest.mark.parametrize("measure", [name for name in THEIRS if name in MEASURES])
def test_rsatoolbox_evaluates_what_it_is_given_as_we_do(measure, random_rdm, mixed_rdm):
    references = [random_rdm(seed, 15, decimals=2) for seed in range(2)]
    models = [mixed_rdm(references[0], seed, 1.0, name=f"layer {seed}") for seed in range(3)]
    ours = compare_many(models, references, measure=measure)
    handed = to_rsatoolbox(models), to_rsatoolbox(references)
    assert theirs_compare(*handed, method=THEIRS[measure]) == pytest.approx(ours, abs=1e-9)
    fixed = [ModelFixed(model.name, to_rsatoolbox([model])) for model in models]
    result = eval_fixed(fixed, handed[1], method=THEIRS[measure])
    assert result.evaluations[0] == pytest.approx(ours, abs=1e-9)
    # They do not look at ids: in another order they give other numbers, where ours refuse.
    turned = [reference.select(reference.ids[::-1]) for reference in references]
    off = theirs_compare(handed[0], to_rsatoolbox(turned), method=THEIRS[measure])
    assert abs(off - ours).max() > 0.01
    with pytest.raises(StimulusMismatch, match="the same ids in another order"):
        compare_many(models, turned, measure=measure)


def test_what_rsatoolbox_cannot_be_given_is_refused():
    one = RDM(np.ones(6), IDS, "m")
    with pytest.raises(UserError, match="there is no RDM to hand over"):
        to_rsatoolbox([])
    with pytest.raises(StimulusMismatch, match="hold the same ids in another order"):
        to_rsatoolbox([one, RDM(np.ones(6), IDS[::-1], "m")])
    with pytest.raises(UserError, match="pattern descriptor 'word' needs 4 values, found 3"):
        to_rsatoolbox([one], pattern_descriptors={"word": "abc"})
    with pytest.raises(UserError, match="rdm descriptor 'roi' needs 1 values, found 2"):
        to_rsatoolbox([one], rdm_descriptors={"roi": [1, 2]})
    for kind, key in (("pattern", "id"), ("rdm", "name"), ("rdm", "metric")):
        with pytest.raises(UserError, match=f"the {kind} descriptor '{key}' is the RDM's own"):
            to_rsatoolbox([one], **{f"{kind}_descriptors": {key: ["x"]}})


def test_what_they_leave_out_is_refused():
    values = np.ones((2, 6))
    values[1, [4, 5]] = np.nan
    theirs = RDMs(
        values, pattern_descriptors={"id": list(IDS)}, rdm_descriptors={"name": ["p", "q"]}
    )
    with pytest.raises(
        UserError,
        match=r"RDM 1 \(q\) has no finite value for 2 of 6 pairs, such as 'b' with 'd'; leave",
    ):
        from_rsatoolbox(theirs)
    assert from_rsatoolbox(theirs.subset("name", "p")).rdms[0].name == "p"
    with pytest.raises(UserError, match=r"no pattern descriptor 'word'.*Known: id, index"):
        from_rsatoolbox(theirs, descriptor="word")
    doubled = RDMs(values, pattern_descriptors={"id": ["a", "b", "a", "c"]})
    with pytest.raises(UserError, match="stimulus id 'a' is there 2 times"):
        from_rsatoolbox(doubled)
    broken = RDMs(np.ones((1, 6)), pattern_descriptors={"id": [b"a", b"b", b"c", b"\xff"]})
    with pytest.raises(UserError, match=r"a text of a descriptor is not UTF-8: found b'.xff'"):
        from_rsatoolbox(broken)
    with pytest.raises(
        UserError, match="an array of dissimilarities holds numbers, found complex128"
    ):
        from_rsatoolbox(RDMs(1j * np.ones((1, 6)), pattern_descriptors={"id": list(IDS)}))


# -- files


@pytest.fixture
def one() -> RDM:
    return RDM(np.arange(6.0), IDS, "m", "x")


@pytest.fixture
def good(one, tmp_path) -> Path:
    write_rdms([one], tmp_path / "good.h5")
    return tmp_path / "good.h5"


class Bomb:
    """An object whose pickle, once opened, leaves a file behind."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_nothing_is_unpickled(one, tmp_path, monkeypatch):
    mark = tmp_path / "gone off"
    bomb = pickle.dumps(Bomb(mark))
    for name in ("bomb.pkl", "bomb.PKL", "bomb.pickle"):
        (tmp_path / name).write_bytes(bomb)
        with pytest.raises(UserError, match=r"bomb.\w+ is a pickle by its name.*use HDF5"):
            read_rdms(tmp_path / name)
        with pytest.raises(UserError, match=r"bomb.\w+ is a pickle by its name.*use HDF5"):
            write_rdms([one], tmp_path / name)
    (tmp_path / "bomb.h5").write_bytes(bomb)
    with pytest.raises(UserError, match=r"bomb.h5 is not an HDF5 file"):
        read_rdms(tmp_path / "bomb.h5")
    write_rdms([one], tmp_path / "inside.h5")
    with h5py.File(tmp_path / "inside.h5", "a") as file:
        file["descriptors"]["bomb"] = file["descriptors"].attrs["bomb too"] = np.void(bomb)

    def refuse(*_, **__):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    assert read_rdms(tmp_path / "inside.h5").rdms[0].ids == IDS
    assert not mark.exists()
    monkeypatch.undo()
    pickle.loads(bomb)
    assert mark.exists()  # it would have gone off


def test_a_file_that_is_not_there_or_of_another_kind_is_named(tmp_path):
    with pytest.raises(UserError, match=r"there is no file .*absent.h5"):
        read_rdms(tmp_path / "absent.h5")
    with pytest.raises(UserError, match="there is no file"):
        read_rdms(tmp_path)
    for content in (b"", b"first,second,value\n"):
        (tmp_path / "text.h5").write_bytes(content)
        with pytest.raises(UserError, match=r"text.h5 is not an HDF5 file"):
            read_rdms(tmp_path / "text.h5")


def test_a_truncated_file_is_refused_wherever_it_ends(good):
    content = good.read_bytes()
    for size in {*range(0, len(content), 97), len(content) - 1}:
        good.write_bytes(content[:size])
        with pytest.raises(UserError, match=r"good.h5 is (not an HDF5 file|damaged)"):
            read_rdms(good)
    good.write_bytes(content)
    assert read_rdms(good).rdms[0].n == 4


@pytest.mark.parametrize(
    ("place", "content", "message"),
    [
        ("dissimilarities", np.ones((1, 5)), "4 ids need 6 condensed values"),
        ("dissimilarities", np.ones((2, 6)), "rdm_descriptors have mismatched dimension"),
        ("dissimilarities", np.ones((1, 1, 1, 1)), "Invalid number of dimensions"),
        ("dissimilarities", np.bytes_("six"), "good.h5 is damaged, or HDF5 without RDMs"),
        ("dissimilarities", np.array([[b"a"] * 6]), "dissimilarities holds numbers, found <U1"),
        ("pattern_descriptors", np.ones(4), "good.h5 is damaged, or HDF5 without RDMs"),
        ("pattern_descriptors/id", np.array([b"a", b"b"]), "have mismatched dimension"),
        ("pattern_descriptors/id", np.array([b"a"] * 4), "stimulus id 'a' is there 4 times"),
    ],
)
def test_a_file_that_does_not_fit_together_is_refused(good, place, content, message):
    with h5py.File(good, "a") as file:
        del file[place]
        file[place] = content
    with pytest.raises(UserError, match=message) as refused:
        read_rdms(good)
    assert "good.h5" in str(refused.value)


@pytest.mark.parametrize(
    "lost", ["dissimilarities", "rdm_descriptors", "pattern_descriptors", "descriptors"]
)
def test_hdf5_of_something_else_is_refused(good, lost):
    with h5py.File(good, "a") as file:
        del file[lost]
    with pytest.raises(UserError, match=rf"good.h5 is damaged, or HDF5 without RDMs.*{lost}"):
        read_rdms(good)


def test_what_is_wrong_inside_a_file_is_said_with_its_name(good):
    with pytest.raises(UserError, match=r"good.h5: these RDMs have no pattern descriptor 'word'"):
        read_rdms(good, descriptor="word")
    with h5py.File(good, "a") as file:
        file["dissimilarities"][0, 2] = np.nan
    with pytest.raises(UserError, match=r"good.h5: RDM 0 \(x\) has no finite value for 1 of 6"):
        read_rdms(good)


def test_a_file_is_whole_and_is_not_lost_unasked(one, good, monkeypatch):
    before = good.read_bytes()
    with pytest.raises(UserError, match=r"good.h5 is there already: give another name"):
        write_rdms([one], good)
    with pytest.raises(UserError, match="needs 4 values"):
        write_rdms([one], good, pattern_descriptors={"word": []}, overwrite=True)

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(RDMs, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        write_rdms([one], good, overwrite=True)
    monkeypatch.undo()
    assert good.read_bytes() == before
    assert [path.name for path in good.parent.iterdir()] == ["good.h5"]
    write_rdms([RDM(np.ones(6), IDS, "m")], good, overwrite=True)
    assert (read_rdms(good).rdms[0].values == 1.0).all()


def test_what_a_file_cannot_hold_is_refused(one, tmp_path):
    def write(name="some.h5", made=one, **patterns):
        write_rdms([made], tmp_path / name, pattern_descriptors=patterns)

    for name in ("some.npz", "some"):
        with pytest.raises(UserError, match=r"a file of RDMs ends in .h5 or .hdf5"):
            write(name)
    for key in ("a/b", ".", "", "a\0"):
        with pytest.raises(UserError, match="HDF5 has no place for a descriptor named"):
            write(**{key: [1, 2, 3, 4]})
    for values in ([1, "b", 3, 4], [None] * 4, [(1, 2)] * 4, [10**30, 2, 3, 4], [1j] * 4):
        with pytest.raises(UserError, match="texts or numbers of 64 bits, and descriptor 'x' is"):
            write(x=values)
    for text in ("a\0", "\ud800"):
        with pytest.raises(UserError, match=r"HDF5 cannot hold the text .* of descriptor 'x'"):
            write(x=[text, "b", "c", "d"])
        with pytest.raises(UserError, match="of descriptor 'metric'"):
            write(made=RDM(one.values, IDS, text))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_made(one, tmp_path):
    write_rdms([one], tmp_path / "new" / "some.hdf5")
    assert read_rdms(tmp_path / "new" / "some.hdf5").rdms[0].name == "x"
