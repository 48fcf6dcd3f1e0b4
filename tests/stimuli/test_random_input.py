"""Whatever the bytes and names are, a set is read or refused with a sentence."""

from __future__ import annotations

import json
import os
import runpy
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grounding.errors import UserError
from grounding.stimuli import ManifestError, read_stimuli, validate
from grounding.stimuli.adding import add_recordings
from grounding.stimuli.textgrid import parse_textgrid
from grounding.stimuli.validate import check

MADE = runpy.run_path(str(Path(__file__).parent / "broken_sets.py"))
MANIFEST = "manifest.jsonl"
NAMES = ("x.wav", "x.flac", "x.ogg")
MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
field_names = st.sampled_from(
    ["id", "transcript", "language", "audio", "rate", "samples", "phones", "marks", "version"]
)
manifests = st.binary(max_size=300) | st.lists(
    st.dictionaries(field_names | st.text(max_size=6), values, max_size=8), max_size=5
).map(lambda rows: "\n".join(map(json.dumps, rows)).encode())


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A set of three stimuli."""
    MADE["write_whole_set"](tmp_path / "set")
    return tmp_path / "set"


def refused_in_words(folder: Path) -> bool:
    """Whether the quick and the thorough check find faults, all of them sentences."""
    quick = [str(fault) for fault in validate(folder, audio=False, articulation=False)]
    thorough = [str(fault) for fault in validate(folder)]
    for fault in (*quick, *thorough):
        assert fault.isprintable()
        fault.encode("utf-8")
    assert len(quick) <= len(thorough)
    return bool(thorough)


@MANY
@given(data=manifests)
def test_any_bytes_as_manifest(data: bytes, whole: Path) -> None:
    (whole / MANIFEST).write_bytes(data)
    assert refused_in_words(whole)
    with pytest.raises(ManifestError):
        read_stimuli(whole)


@MANY
@given(name=st.sampled_from(NAMES), data=st.binary(max_size=400), magic=st.booleans())
def test_any_bytes_as_recording(name: str, data: bytes, magic: bool, whole: Path) -> None:
    start = {"x.wav": b"RIFF\x00\x00\x00\x00WAVE", "x.flac": b"fLaC", "x.ogg": b"OggS"}[name]
    MADE["edited"](name, lambda _: (start if magic else b"") + data)(whole)
    assert refused_in_words(whole)


@MANY
@given(
    name=st.sampled_from(NAMES),
    at=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=40),
    cut=st.booleans(),
)
def test_spoilt_recordings_are_read_or_refused(
    name: str, at: float, junk: bytes, cut: bool, whole: Path
) -> None:
    def spoil(data: bytearray) -> bytearray:
        place = int(at * len(data))
        return data[:place] + junk if cut else MADE["put"](data, place, junk)

    MADE["edited"](name, spoil)(whole)
    try:
        audio = read_stimuli(whole)[1].audio
    except UserError as error:
        assert str(error).isprintable()
    else:
        assert np.isfinite(audio).all()


@MANY
@given(keep=st.floats(0.02, 0.999), name=st.sampled_from(NAMES))
def test_a_recording_that_is_cut_off_is_refused(keep: float, name: str, whole: Path) -> None:
    MADE["edited"](name, lambda data: data[: int(keep * len(data))])(whole)
    assert refused_in_words(whole)


@MANY
@given(
    riff=st.integers(0, 2**32 - 1), fmt=st.integers(0, 2**32 - 1), data=st.integers(0, 2**32 - 1)
)
def test_a_wav_whose_sizes_lie_is_refused(riff: int, fmt: int, data: int, whole: Path) -> None:
    def lie(wav: bytearray) -> bytearray:
        for at, size in ((4, riff), (16, fmt), (40, data)):
            MADE["put"](wav, at, struct.pack("<I", size))
        return wav

    MADE["edited"]("x.wav", lie)(whole)
    if (fmt, data) != (16, 4000):
        assert refused_in_words(whole)


def test_ten_hours_that_are_not_there_take_no_memory(whole: Path) -> None:
    hours = struct.pack(">I", MADE["RATE"] * 36000)
    MADE["edited"]("x.flac", lambda data: MADE["put"](data, 22, hours))(whole)
    validate(whole)  # numpy and soundfile are loaded
    assert peak_of(lambda: validate(whole)) < 20e6  # ten hours would be 1.15e9


parts = st.sampled_from(["..", ".", "", "a.flac", "sub", "a\0b", "C:", "~", "\\", "\udce9", " "])


@MANY
@given(names=st.lists(parts | st.text(max_size=5), min_size=1, max_size=5), ending=st.booleans())
def test_no_path_leads_out(names: list[str], ending: bool, whole: Path) -> None:
    (whole.parent / "a.flac").write_bytes((whole / "a.flac").read_bytes())
    path = "/".join(names) + (".flac" if ending else "")
    MADE["fields"](2, audio=path)(whole)
    if path != "a.flac":
        assert refused_in_words(whole)


@MANY
@given(name=st.binary(max_size=11).filter(lambda n: not {0, 47} & set(n)).map(lambda n: b"l" + n))
def test_any_name_of_a_link_that_leads_out_is_refused(name: bytes, whole: Path) -> None:
    link = whole / os.fsdecode(name + b".flac")
    outside = whole.parent / "outside.flac"
    outside.write_bytes((whole / "a.flac").read_bytes())
    link.symlink_to(outside)
    try:
        line = {"id": "b", "transcript": "two", "language": "en", "audio": link.name, "rate": 8000}
        MADE["raw"](2, json.dumps(line).encode() + b"\n")(whole)
        assert refused_in_words(whole)
    finally:
        link.unlink()


@MANY
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-16")))
def test_any_bytes_as_textgrid(data: bytes) -> None:
    start = b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "w" 0 1 1 0 1 "'
    for bytes_ in (data, start + data):
        try:
            parse_textgrid(bytes_)
        except ManifestError as error:
            assert str(error).isprintable()


def test_100000_lines_take_little_memory(whole: Path) -> None:
    with (whole / MANIFEST).open("w", encoding="utf-8") as file:
        for number in range(100_000):
            record = {"id": f"s{number}", "transcript": "one", "language": "en"}
            file.write(json.dumps({**record, "audio": "a.flac", "rate": 8000}) + "\n")
    lines = 0

    def read() -> None:
        nonlocal lines
        lines = sum(not line.faults for line in check(whole, False, False))

    assert peak_of(read) < 30e6  # the ids; the lines themselves are 9 MB of text
    assert lines == 100_000


def peak_of(work: Callable[[], object]) -> int:
    """Return the most bytes that Python held during some work, above those before it."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


KINDS = {
    "list.csv": b"audio,transcript,rate,attributes\n",
    "list.tsv": b"audio\ttranscript\n",
    "cuts.jsonl": b'{"id": "c", "start": 0, "duration": 0.1, "recording": ',
    "supervisions.jsonl": b'{"recording_id": "r", "start": 0, "duration": 0.1, "text": "x", "id": ',
    "a.TextGrid": b'"ooTextFile" "TextGrid" 0 0.25 <exists> 1 ',
    "a.txt": b"",
    "state.json": b'{"_data_files": ',
}


@settings(MANY, max_examples=200)
@given(
    name=st.sampled_from(list(KINDS)),
    data=st.binary(max_size=200) | st.text(max_size=60).map(str.encode) | manifests,
    start=st.booleans(),
)
def test_any_bytes_in_any_format(name: str, data: bytes, start: bool, whole: Path) -> None:
    for path in whole.iterdir():
        if path.name not in ("a.flac", "b.flac"):
            path.unlink()
    (whole / "recordings.jsonl").write_text('{"id": "r", "sources": []}\n')
    (whole / "dataset_info.json").write_text("{}")
    (whole / name).write_bytes((KINDS[name] if start else b"") + data)
    formats = {"csv": "table", "tsv": "table", "jsonl": "lhotse", "TextGrid": "textgrid"}
    kind = formats.get(name.partition(".")[2], "txt" if name == "a.txt" else "huggingface")
    before = sorted(whole.iterdir())
    try:
        add_recordings(whole, format=kind, language="en", skip_untranscribed=True)
    except UserError as error:
        assert all(line.isprintable() for line in str(error).splitlines())
        assert sorted(whole.iterdir()) == before
    else:
        assert kind in ("txt", "table")
        assert validate(whole) == []
