"""A dataset that `datasets` saved to disk becomes a set, and what is wrong in it is named."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grounding.errors import UserError
from grounding.stimuli import read_stimuli, validate
from grounding.stimuli.adding import add_recordings
from grounding.stimuli.formats.reading import Options
from grounding.stimuli.formats.table import recognised

pa = pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'datasets'")

RATE = 8000
ARROW = "data-00000-of-00001.arrow"
FEATURES = {
    "audio": {"sampling_rate": RATE, "_type": "Audio"},
    "gender": {"names": ["f", "m"], "_type": "ClassLabel"},
}


def sound(tone: np.ndarray, kind: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, RATE, format=kind)
    return buffer.getvalue()


def save(folder: Path, columns: dict, features: dict = FEATURES, **state) -> Path:
    """Write what `Dataset.save_to_disk` writes."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    with pa.OSFile(str(folder / ARROW), "wb") as file, pa.ipc.new_stream(file, table.schema) as out:
        out.write_table(table)
    state = {"_data_files": [{"filename": ARROW}], "_split": None, **state}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
    return folder


@pytest.fixture
def columns(tone: np.ndarray) -> dict:
    """Three rows, the last without text."""
    return {
        "audio": [
            {"bytes": sound(tone), "path": "clips/a.wav"},
            {"bytes": sound(tone / 2, "FLAC"), "path": "clips/b.mp3"},
            {"bytes": sound(tone), "path": None},
        ],
        "text": [" one ", "two", None],
        "speaker": [3, 4, 5],
        "language": ["en", "fr", "en"],
        "phones": [["w", "ʌ", "n"], None, None],
        "gender": [0, 1, None],
        "score": [1.5, float("nan"), None],
        "tags": [["x"], [], None],
    }


def refused(folder: Path, match: str, **arguments) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match=match):
        add_recordings(folder, **{"skip_untranscribed": True, **arguments})
    assert sorted(folder.rglob("*")) == before


def test_a_saved_dataset_becomes_a_set(columns: dict, tmp_path: Path, tone) -> None:
    folder = save(tmp_path / "data", columns)
    refused(folder, r"row 3: no transcript", skip_untranscribed=False)
    added = add_recordings(folder, skip_untranscribed=True)
    assert (added.format.name, added.copied) == ("huggingface", 2)
    assert added.without_transcript == ("row 3",)
    assert validate(folder) == []
    one, two = read_stimuli(folder)
    assert (one.id, one.transcript, one.language, one.speaker) == ("clips-a", "one", "en", "3")
    assert (one.audio_path, two.audio_path) == ("audio/clips-a.wav", "audio/clips-b.flac")
    assert one.phones == ("w", "ʌ", "n")
    assert one.attributes == {"gender": "f", "score": 1.5, "tags": ("x",)}
    assert (two.language, two.attributes) == ("fr", {"gender": "m", "tags": ()})
    np.testing.assert_allclose(one.audio, tone, atol=2**-15)


def test_splits_are_told_apart(columns: dict, tmp_path: Path) -> None:
    for split in ("train", "test"):
        save(tmp_path / split, columns)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    add_recordings(tmp_path, skip_untranscribed=True, rate=16000)
    stimuli = read_stimuli(tmp_path)
    assert stimuli.ids == ("train-clips-a", "train-clips-b", "test-clips-a", "test-clips-b")
    assert [s.attributes["split"] for s in stimuli] == ["train", "train", "test", "test"]
    assert {s.rate for s in stimuli} == {16000}


def test_audio_may_lie_beside_the_table(columns: dict, tmp_path: Path, tone) -> None:
    soundfile.write(tmp_path / "a.wav", tone, RATE)
    columns["audio"] = [{"bytes": None, "path": p} for p in ("a.wav", str(tmp_path / "a.wav"), "")]
    columns["id"] = [7, 8, 9]
    columns["text"][2] = "three"
    folder = save(tmp_path, columns)
    refused(folder, r"row 3: it has no audio. Leave the row out")
    columns["audio"][2] = {"bytes": None, "path": "/etc/x.wav"}
    refused(save(tmp_path, columns), r"row 3: its recording \"/etc/x.wav\" is not inside")
    columns["audio"][2] = columns["audio"][0]
    add_recordings(save(tmp_path, columns))
    assert read_stimuli(tmp_path).ids == ("7", "8", "9")


def test_columns_can_be_named(columns: dict, tmp_path: Path) -> None:
    columns["sentence"] = columns["text"]
    columns["who"] = columns.pop("speaker")
    folder = save(tmp_path / "data", columns)
    refused(folder, r"2 columns can be the transcript; the columns are .*--column transcript=COL")
    refused(folder, r"no column \"x\" to be 'transcript'", options=Options({"transcript": "x"}))
    options = Options({"transcript": "sentence", "speaker": "who"})
    add_recordings(folder, skip_untranscribed=True, options=options)
    one = read_stimuli(folder)[0]
    assert (one.speaker, one.attributes["text"]) == ("3", " one ")


def test_phones_and_other_columns_are_checked(columns: dict, tmp_path: Path) -> None:
    folder = save(tmp_path / "data", {**columns, "phones": ["w ʌ", "x", None]})
    refused(folder, r"row 1: no phones", options=Options(phones=complain))
    folder = save(tmp_path / "data", {**columns, "image": [b"\xff", b"", b""]})
    refused(folder, r"row 1: its column \"image\" holds bytes; needed text, numbers or lists")
    folder = save(tmp_path / "data", {**columns, "language": ["English", "fr", "fr"]})
    refused(folder, r"row 1: 'clips/a.wav': field 'language' is \"English\"; needed a two-letter")


def complain(labels: list[str]) -> list[str]:
    raise UserError("no phones")


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("state.json", "{", r"state.json: is no JSON. Save the dataset again"),
        ("state.json", "[]", r"state.json: holds no JSON object"),
        ("state.json", "{}", r"state.json: names no data files"),
        ("state.json", '{"_data_files": [{"filename": 3}]}', r"state.json: names no data files"),
        ("state.json", '{"_data_files": [{"filename": "../x"}]}', r"../x: leads out of"),
        ("state.json", '{"_data_files": [{"filename": "x"}]}', r"x: does not exist"),
        ("state.json", '{"_indices_data_files": [1]}', r"its rows are chosen by an index"),
        ("dataset_dict.json", '{"splits": [1]}', r"dataset_dict.json names no splits"),
        ("dataset_dict.json", '{"splits": ["no"]}', r"no/dataset_info.json: does not exist"),
        (ARROW, "hello", r"data-00000-of-00001.arrow: cannot be read as an Arrow stream"),
        ("dataset_info.json", "{}", r"0 columns can be the audio; .*--column audio=COLUMN"),
    ],
)
def test_a_dataset_that_is_wrong_is_named(
    name: str, text: str, match: str, columns: dict, tmp_path: Path
) -> None:
    folder = save(tmp_path / "data", columns)
    (folder / name).write_text(text)
    refused(folder, match)


def test_audio_that_is_no_file_is_refused(columns: dict, tmp_path: Path) -> None:
    columns["audio"] = [[0.1, 0.2]] * 3
    refused(save(tmp_path / "data", columns), r"row 1: its audio is no file; needed a column of")


def test_without_pyarrow_the_extra_is_named(columns: dict, tmp_path: Path, monkeypatch) -> None:
    folder = save(tmp_path / "data", columns)
    monkeypatch.setattr(pa, "__version__", "14.0.0")
    refused(folder, r"pyarrow 14.0.0 is too old .*; needed 14.0.1 or newer. Upgrade it")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert recognised(folder).name == "huggingface"
    refused(folder, r"not installed. Install it with: pip install 'speech-grounding\[datasets\]'")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=20), cut=...)
def test_spoilt_tables_are_read_or_refused(
    at: float, junk: bytes, cut: bool, columns: dict, tmp_path: Path
) -> None:
    folder = save(tmp_path / "data", columns)
    data = bytearray((folder / ARROW).read_bytes())
    place = int(at * len(data))
    data[place : len(data) if cut else place + len(junk)] = junk
    (folder / ARROW).write_bytes(data)
    try:
        added = add_recordings(folder, skip_untranscribed=True)
    except UserError as error:
        assert all(line.isprintable() for line in str(error).splitlines())
    else:
        added.manifest.unlink()
        for path in (folder / "audio").iterdir():
            path.unlink()
        (folder / "audio").rmdir()
