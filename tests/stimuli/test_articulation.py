"""Articulations: what is written is what is read, and what is wrong is refused."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from grounding.errors import UnknownName
from grounding.stimuli import (
    Articulation,
    ManifestError,
    Stream,
    read_articulation,
    read_stimuli,
    validate,
    write_articulation,
)

GOOD = {
    "rate": np.float64(100.0),
    "flesh": np.zeros((5, 2), dtype=np.float32),
    "flesh.channels": np.array(["TT.x", "TT.y"]),
    "flesh.units": np.array(["mm", "mm"]),
}


def test_a_written_articulation_is_read_back(track: Articulation, tmp_path: Path) -> None:
    write_articulation(tmp_path / "x.npz", track)
    back = read_articulation(tmp_path / "x.npz")
    assert back.rate == 100.0
    assert back.frames == 25
    assert back.duration == 0.25
    assert list(back.streams) == ["flesh", "open"]
    for name, stream in track.streams.items():
        np.testing.assert_array_equal(back[name].values, stream.values)
        assert back[name].values.dtype == np.float32
        assert (back[name].channels, back[name].units) == (stream.channels, stream.units)


def test_equal_articulations_are_equal_files(track: Articulation, tmp_path: Path) -> None:
    write_articulation(tmp_path / "x.npz", track)
    write_articulation(tmp_path / "y.npz", pickle.loads(pickle.dumps(track)))
    assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "y.npz").read_bytes()


def test_plain_numpy_reads_and_writes_the_file(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", **GOOD)
    assert read_articulation(tmp_path / "x.npz")["flesh"].channels == ("TT.x", "TT.y")
    write_articulation(tmp_path / "y.npz", read_articulation(tmp_path / "x.npz"))
    with np.load(tmp_path / "y.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == sorted(GOOD)


def test_values_cannot_be_changed(track: Articulation) -> None:
    given = np.ones((25, 1))
    stream = Stream("x", given, ("a",), ("1",))
    given[:] = 7
    assert stream.values.max() == 1
    with pytest.raises(ValueError, match=r"read-only"):
        stream.values[0] = 2
    with pytest.raises(TypeError, match=r"does not support item assignment"):
        track.streams["x"] = stream


def test_an_unknown_stream_is_named(track: Articulation) -> None:
    with pytest.raises(UnknownName, match=r"unknown articulation stream 'flseh'. Did you mean 'fl"):
        track["flseh"]


# Each row: arrays in place of the good ones (None takes one away), what the message must say.
SPOILT = {
    "an object array": ({"flesh": np.array([[{}], [None]])}, "cannot be read .* without pickle"),
    "text with pickle": (
        {"flesh.units": np.array(["mm", None], dtype=object)},
        "cannot be read .* without pickle",
    ),
    "no units": ({"flesh.units": None}, "lacks, or has alone, flesh.units; needed the three"),
    "no channels": ({"flesh.channels": None}, "lacks, or has alone, flesh.channels"),
    "no values": ({"flesh": None}, "lacks, or has alone, flesh.channels, flesh.units"),
    "a stray array": ({"tract.note": np.array(["x"])}, "lacks, or has alone, tract.note"),
    "no rate": ({"rate": None}, "has no array 'rate'; needed the frames a second"),
    "a row of rates": ({"rate": np.array([1.0, 2.0])}, "has 'rate' float64 of shape .2,."),
    "rate as text": ({"rate": np.array("100")}, "has 'rate' <U3"),
    "rate 0": ({"rate": np.float64(0)}, "articulation rate is 0.0; needed Hz above 0"),
    "rate not a number": ({"rate": np.float64(np.nan)}, "articulation rate is nan"),
    "rate alone": (
        {"flesh": None, "flesh.units": None, "flesh.channels": None},
        "articulation has no stream",
    ),
    "one unit for two": ({"flesh.units": np.array(["mm"])}, "2 channels and units .'mm'.; needed"),
    "an empty unit": ({"flesh.units": np.array(["mm", ""])}, "units .'mm', ''.; needed one text"),
    "space about a unit": ({"flesh.units": np.array(["mm", " mm"])}, "without space at its ends"),
    "units as numbers": ({"flesh.units": np.array([1, 1])}, "has 'flesh.units' of int64; needed"),
    "one text of units": ({"flesh.units": np.array("mm")}, "has 'flesh.units' of <U2; needed"),
    "a channel twice": ({"flesh.channels": np.array(["x", "x"])}, "names a channel twice"),
    "not a number": (
        {"flesh": np.where(np.eye(5, 2) == 1, np.nan, 0)},
        "stream 'flesh' is nan at frame 0, channel 0; needed finite",
    ),
    "infinite": ({"flesh": np.full((5, 2), np.inf)}, "stream 'flesh' is inf at frame 0"),
    "beyond float32": ({"flesh": np.full((5, 2), 1e300)}, "stream 'flesh' is inf"),
    "no frames": ({"flesh": np.zeros((0, 2))}, "stream 'flesh' holds float64 of shape .0, 2."),
    "one axis": ({"flesh": np.zeros(5)}, "stream 'flesh' holds float64 of shape .5,."),
    "complex numbers": ({"flesh": np.zeros((5, 2), complex)}, "stream 'flesh' holds complex128"),
    "other frames": (
        {
            "tip": np.zeros((6, 1)),
            "tip.channels": np.array(["x"]),
            "tip.units": np.array(["mm"]),
        },
        "streams differ in frames: .'flesh': 5, 'tip': 6.; needed one clock",
    ),
    "a name in capitals": (
        {
            "Tip": np.zeros((5, 1)),
            "Tip.channels": np.array(["x"]),
            "Tip.units": np.array(["mm"]),
        },
        "stream 'Tip': needed a name of a-z",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_bad_articulation_is_refused(name: str, folder: Path) -> None:
    changes, match = SPOILT[name]
    arrays = {key: value for key, value in (GOOD | changes).items() if value is not None}
    np.savez_compressed(folder / "a.npz", allow_pickle=True, **arrays)
    with pytest.raises(ManifestError, match=match):
        read_articulation(folder / "a.npz")
    with pytest.raises(ManifestError, match=match) as caught:
        read_stimuli(folder, check_articulation=True)
    assert str(caught.value).startswith(f"{folder}/manifest.jsonl:1: articulation 'a.npz': ")
    with pytest.raises(ManifestError, match=match):
        _ = read_stimuli(folder)[0].articulation


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (lambda data: b"", "is no .npz file"),
        (lambda data: b"hello", "is no .npz file; needed one written by numpy.savez_compressed"),
        (lambda data: data[:-40], "cannot be read as an .npz file without pickle"),
        (lambda data: data[:100] + b"\xff" * 30 + data[130:], "cannot be read as an .npz"),
    ],
)
def test_a_damaged_file_is_refused(edit, match: str, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", **GOOD)
    (tmp_path / "x.npz").write_bytes(edit((tmp_path / "x.npz").read_bytes()))
    with pytest.raises(ManifestError, match=rf"x.npz: {match}"):
        read_articulation(tmp_path / "x.npz")


@pytest.mark.parametrize("frames", [10**10, 10**17])
def test_a_header_cannot_claim_the_memory(frames: int, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (frames, 2)}
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("flesh.npy", buffer.getvalue() + bytes(80))
    with pytest.raises(ManifestError, match=r"cannot be read as an .npz file without pickle"):
        read_articulation(tmp_path / "x.npz")


def test_something_else_than_arrays_is_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", **GOOD)
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
        archive.writestr("readme.txt", b"x")
    with pytest.raises(ManifestError, match=r"holds something else than arrays"):
        read_articulation(tmp_path / "x.npz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"x.npz: cannot be read \(No such file"):
        read_articulation(tmp_path / "x.npz")


def test_a_stream_is_filed_under_its_own_name() -> None:
    stream = Stream("tip", np.zeros((2, 1)), ("x",), ("mm",))
    with pytest.raises(ManifestError, match=r"stream 'tip' is filed as 'top'"):
        Articulation(100.0, {"top": stream})


@pytest.mark.parametrize("name", ["rate", "file", "allow_pickle", "a.b", ""])
def test_a_stream_has_no_reserved_name(name: str) -> None:
    with pytest.raises(ManifestError, match=r"needed a name of a-z"):
        Stream(name, np.zeros((2, 1)), ("x",), ("mm",))


@pytest.mark.parametrize(("frames", "good"), [(25, True), (34, True), (36, False), (14, False)])
def test_an_articulation_lasts_as_long_as_its_recording(
    frames: int, good: bool, folder: Path
) -> None:
    track = Articulation(100.0, {"x": Stream("x", np.zeros((frames, 1)), ("x",), ("mm",))})
    write_articulation(folder / "a.npz", track)
    faults = [str(fault) for fault in validate(folder)]
    assert (faults == []) is good
    if not good:
        assert (
            f"1: articulation 'a.npz': lasts 0.{frames}0 s and the recording 0.250 s" in faults[0]
        )


def test_an_unreadable_file_is_named_with_its_place(folder: Path, monkeypatch) -> None:
    first = read_stimuli(folder)[0]

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ManifestError, match=r"jsonl:1: articulation 'a.npz': cannot be read: Perm"):
        _ = first.articulation
