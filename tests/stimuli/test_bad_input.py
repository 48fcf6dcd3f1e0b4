"""Every fault is named with its file and line, at once, and nothing crashes."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grounding.errors import UserError
from grounding.stimuli import AudioError, ManifestError, read_stimuli, validate

MANIFEST = "manifest.jsonl"


def raw(line: int, text: bytes) -> Callable[[Path], None]:
    """Put these bytes in the place of a line of the manifest."""

    def spoil(folder: Path) -> None:
        lines = (folder / MANIFEST).read_bytes().splitlines(keepends=True)
        lines[line - 1] = text
        (folder / MANIFEST).write_bytes(b"".join(lines))

    return spoil


def fields(line: int, **changed) -> Callable[[Path], None]:
    """Change fields of a line; `...` takes one away."""

    def spoil(folder: Path) -> None:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines(keepends=True)
        record = json.loads(lines[line - 1]) | changed
        record = {key: value for key, value in record.items() if value is not ...}
        lines[line - 1] = json.dumps(record) + "\n"
        (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")

    return spoil


# Each row: what is wrong, how line 2 (or the file) gets that way, what the message must say.
LINES = {
    "no JSON": (raw(2, b"{'id': 'b'}\n"), "no JSON .*column 2.*Correct the line"),
    "cut off": (raw(2, b'{"id": "b", "trans\n'), "no JSON"),
    "a list": (raw(2, b"[1]\n"), "holds a list; needed a JSON object"),
    "a text": (raw(2, b'"b"\n'), "holds a text; needed a JSON object"),
    "a number": (raw(2, b"7\n"), "holds a number; needed a JSON object"),
    "null": (raw(2, b"null\n"), "holds null; needed a JSON object"),
    "true": (raw(2, b"true\n"), "holds true or false; needed a JSON object"),
    "a blank line": (raw(2, b"\n"), "the line is blank; needed a JSON object. Delete"),
    "not UTF-8": (raw(2, b'{"id": "\xe9"}\n'), "byte 9 of the line .0xe9. is not UTF-8"),
    "a NUL byte": (raw(2, b'{"id": "\x00"}\n'), "no JSON"),
    "NaN": (raw(2, b'{"rate": NaN}\n'), "NaN is no JSON; needed a finite number"),
    "a huge integer": (raw(2, b'{"rate": ' + b"9" * 5000 + b"}\n"), "a number cannot be read"),
    "an overflowing float": (fields(2, attributes={"x": "@"}), None),
    "a field twice": (raw(2, b'{"id": "b", "id": "c"}\n'), "field 'id' is given twice"),
    "deep nesting": (raw(2, b"[" * 100_000 + b"\n"), "nests too deeply"),
    "nesting": (raw(2, b'{"marks":' + b"[" * 50 + b"]" * 50 + b"}\n"), "nests too deeply"),
    "an endless line": (raw(2, b"x" * 1_000_002), "longer than 1000000 bytes"),
    "an unknown field": (
        fields(2, transcirpt="x"),
        "unknown field \"transcirpt\". Did you mean 'transcript'. Known: id, .*attributes",
    ),
    "a far unknown field": (fields(2, zzz=1), 'unknown field "zzz". Known: id'),
    "no id": (fields(2, id=...), "field 'id' is missing; needed a name .*Add it"),
    "no transcript": (fields(2, transcript=...), "field 'transcript' is missing"),
    "no language": (fields(2, language=...), "field 'language' is missing"),
    "no audio": (fields(2, audio=...), "field 'audio' is missing"),
    "no rate": (fields(2, rate=...), "field 'rate' is missing; needed a whole number of Hz"),
    "rate as text": (fields(2, rate="8000"), "field 'rate' is \"8000\"; needed a whole number"),
    "rate as a fraction": (fields(2, rate=8000.0), "field 'rate' is 8000.0"),
    "rate true": (fields(2, rate=True), "field 'rate' is true"),
    "rate 0": (fields(2, rate=0), "field 'rate' is 0"),
    "rate beyond all": (fields(2, rate=10**300), "field 'rate' is 1000.*\\.\\.\\.; needed"),
    "samples 0": (fields(2, samples=0), "field 'samples' is 0"),
    "a null field": (fields(2, speaker=None), "field 'speaker' is null; needed who speaks"),
    "an id with a slash": (fields(2, id="b/c"), "field 'id' is \"b/c\"; needed a name of letters"),
    "an id with a line feed": (fields(2, id="b\n"), "field 'id' is .*needed a name"),
    "an id as number": (fields(2, id=2), "field 'id' is 2; needed a name"),
    "an empty transcript": (fields(2, transcript=""), "field 'transcript' is \"\"; needed what"),
    "a blank transcript": (fields(2, transcript=" \t"), "field 'transcript' is .*; needed what"),
    "space at its end": (fields(2, transcript="two "), "field 'transcript' is \"two \""),
    "another Unicode form": (fields(2, transcript="e\u0301te"), "needed .*form NFC"),
    "half a surrogate pair": (fields(2, transcript="\ud800"), r"'transcript' is '\\ud800'"),
    "half a pair inside": (fields(2, attributes={"x": ["\udfff"]}), "field 'attributes' is"),
    "half a pair as a field": (fields(2, **{"\ud800": 1}), r"unknown field '\\ud800'"),
    "a language by name": (
        fields(2, language="english"),
        "'language' is \"english\"; needed a two",
    ),
    "no such language": (fields(2, language="xx"), "field 'language' is \"xx\"; needed a two"),
    "a digest too short": (fields(2, sha256="00"), "field 'sha256' is \"00\"; needed the SHA-256"),
    "phones in one text": (fields(2, phones="tu"), "field 'phones' is \"tu\"; needed a list"),
    "no phones": (fields(2, phones=[]), "field 'phones' is \\[\\]; needed a list of phones"),
    "a phone with space": (fields(2, phones=["t u"]), "field 'phones' is"),
    "marks of numbers": (fields(2, marks=[1]), "field 'marks' is \\[1\\]; needed a list of texts"),
    "attributes in a list": (fields(2, attributes=[]), "field 'attributes' is \\[\\]; needed a J"),
    "audio upwards": (fields(2, audio="../b.flac"), "field 'audio' is .*needed the path.*inside"),
    "audio absolute": (fields(2, audio="/b.flac"), "field 'audio' is .*needed the path"),
    "audio on a drive": (fields(2, audio="C:/b.flac"), "field 'audio' is .*needed the path"),
    "audio with backslash": (fields(2, audio="x\\b.flac"), "field 'audio' is .*needed the path"),
    "audio with NUL": (fields(2, audio="b\0.flac"), "field 'audio' is .*needed the path"),
    "audio of no known kind": (fields(2, audio="b.raw"), "field 'audio' is .*needed .*.flac"),
    "articulation upwards": (
        fields(2, articulation="x/../a.npz"),
        "field 'articulation' is .*need",
    ),
    "an id that is taken": (fields(2, id="a"), "id 'a' is also on line 1; needed every id once"),
    "audio missing": (fields(2, audio="z.flac"), "audio 'z.flac': does not exist in .*Add the"),
    "audio a folder": (
        lambda folder: ((folder / "b.flac").unlink(), (folder / "b.flac").mkdir()),
        "audio 'b.flac': is no regular file",
    ),
    "a name too long": (fields(2, audio="b" * 300 + ".flac"), "is no path that can be followed"),
    "a link to itself": (
        lambda folder: ((folder / "b.flac").unlink(), (folder / "b.flac").symlink_to("b.flac")),
        "is no path that can be followed",
    ),
    "another rate": (fields(2, rate=16000), "is at 8000 Hz; the manifest declares 16000 Hz"),
    "another length": (fields(2, samples=7), "has 2000 samples; the manifest declares 7"),
    "another digest": (fields(2, sha256="0" * 64), "has SHA-256 .*; the manifest declares 0000"),
    "articulation missing": (
        fields(2, articulation="b.npz"),
        "articulation 'b.npz': does not exist",
    ),
}
LINES["an overflowing float"] = (
    raw(
        2,
        b'{"id": "b", "transcript": "two", "language": "en", "audio": "b.flac", "rate": 8000, '
        b'"attributes": {"x": 1e999}}\n',
    ),
    "field 'attributes' is",
)


@pytest.mark.parametrize("name", LINES)
def test_a_bad_line_is_named_with_its_place(name: str, folder: Path) -> None:
    spoil, match = LINES[name]
    spoil(folder)
    with pytest.raises(ManifestError, match=match) as caught:
        read_stimuli(folder)
    assert str(caught.value).startswith(f"{folder / MANIFEST}:2: ")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(validate(folder)[0]))


def _write(name: str, values: np.ndarray, **options) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        soundfile.write(folder / name, values, options.pop("rate", 8000), **options)
        fields(2, audio=name)(folder)

    return spoil


def _edit(name: str, edit: Callable[[bytearray], bytes | bytearray]) -> Callable[[Path], None]:
    """Write a quarter of a second as `name` and then change its bytes."""

    def spoil(folder: Path) -> None:
        rng = np.random.default_rng(2)
        _write(name, 0.3 * rng.uniform(-1, 1, size=2000))(folder)
        (folder / name).write_bytes(bytes(edit(bytearray((folder / name).read_bytes()))))

    return spoil


def _set(data: bytearray, at: int, value: bytes) -> bytearray:
    data[at : at + len(value)] = value
    return data


def _odd(data: bytearray) -> bytearray:
    """Take one byte from the samples and tell so in both sizes of the WAV header."""
    data = data[:-1]
    _set(data, 4, struct.pack("<I", len(data) - 8))
    return _set(data, 40, struct.pack("<I", len(data) - 44))


def _nan(at: int, value: float) -> np.ndarray:
    values = np.zeros(2000, dtype=np.float32)
    values[at] = value
    return values


TIMES_TEN_HOURS = struct.pack(">I", 8000 * 36000)
AUDIO = {
    "empty": (_edit("x.wav", lambda d: b""), r"is empty \(0 bytes\); needed a recording"),
    "no audio": (_edit("x.wav", lambda d: b"hello" * 99), "cannot be opened as FLAC, WAV or Ogg"),
    "another kind": (
        lambda folder: (
            soundfile.write(folder / "x.aiff", np.zeros(9), 8000),
            (folder / "x.aiff").rename(folder / "x.wav"),
            fields(2, audio="x.wav")(folder),
        ),
        "is AIFF; needed FLAC, WAV or Ogg",
    ),
    "stereo": (_write("x.wav", np.zeros((2000, 2))), "has 2 channels; needed one. Mix it down"),
    "no samples": (_write("x.wav", np.zeros(0)), "holds no samples, or does not say how many"),
    "not a number": (
        _write("x.wav", _nan(1234, np.nan), subtype="FLOAT"),
        r"is \[nan\] at sample 1234; needed finite",
    ),
    "infinite": (
        _write("x.wav", _nan(7, -np.inf), subtype="FLOAT"),
        r"is \[-inf\] at sample 7; needed finite",
    ),
    "beyond float32": (
        _write("x.wav", _nan(0, 1.0).astype(float) * 1e300, subtype="DOUBLE"),
        r"is \[inf\] at sample 0",
    ),
    "half a FLAC": (
        _edit("x.flac", lambda d: d[: len(d) // 2]),
        "is cut off or damaged: .* of the",
    ),
    "a FLAC less its end": (_edit("x.flac", lambda d: d[:-3]), "is cut off or damaged"),
    "a FLAC with a flipped bit": (
        _edit("x.flac", lambda d: _set(d, len(d) - 99, bytes([d[-99] ^ 16]))),
        "is cut off or damaged",
    ),
    "a FLAC of ten hours, it says": (
        _edit("x.flac", lambda d: _set(d, 22, TIMES_TEN_HOURS)),
        "of the 288000000 samples",
    ),
    "a FLAC of unknown length": (
        _edit("x.flac", lambda d: _set(d, 22, bytes(4))),
        "does not say how many",
    ),
    "a FLAC header alone": (_edit("x.flac", lambda d: d[:42]), "cannot be opened|is cut off"),
    "half a WAV": (
        _edit("x.wav", lambda d: d[:2000]),
        "header that lies: chunk 'data' declares 4000",
    ),
    "a WAV that says less": (
        _edit("x.wav", lambda d: _set(d, 40, struct.pack("<I", 100))),
        "header that lies: chunk 'unnamed'",
    ),
    "a WAV of ten hours, it says": (
        _edit("x.wav", lambda d: _set(d, 40, struct.pack("<I", 16000 * 36000))),
        "header that lies: chunk 'data' declares 576000000 bytes and 4000 are there",
    ),
    "a WAV from a pipe": (
        _edit("x.wav", lambda d: _set(d, 40, b"\xff" * 4)),
        "header that lies",
    ),
    "half a sample": (_edit("x.wav", _odd), "is cut off within a sample: 3999 bytes of 2"),
    "half an Ogg": (
        _edit("x.ogg", lambda d: d[: d.rfind(b"OggS")]),
        "holds no samples|is cut off: its last Ogg page",
    ),
}


@pytest.mark.parametrize("name", AUDIO)
def test_a_bad_recording_is_named_with_its_place(name: str, folder: Path) -> None:
    spoil, match = AUDIO[name]
    spoil(folder)
    with pytest.raises(AudioError, match=match) as caught:
        read_stimuli(folder)
    assert str(caught.value).startswith(f"{folder / MANIFEST}:2: audio 'x.")
    (fault,) = validate(folder)
    assert str(fault) == str(caught.value)


@pytest.mark.parametrize("pages", [1, 3])
def test_an_ogg_that_ends_between_pages_is_cut_off(pages: int, folder: Path) -> None:
    rng = np.random.default_rng(5)
    _write("x.ogg", 0.3 * rng.uniform(-1, 1, size=60_000))(folder)
    data = (folder / "x.ogg").read_bytes()
    starts = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    (folder / "x.ogg").write_bytes(data[: starts[-pages]])
    with pytest.raises(AudioError, match=r"is cut off: its last Ogg page is not marked"):
        read_stimuli(folder, check_audio=False)


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.ogg"])
def test_the_same_files_unspoilt_are_read(name: str, folder: Path) -> None:
    _edit(name, lambda data: data)(folder)
    assert len(read_stimuli(folder)[1].audio) == 2000


def test_without_decoding_headers_are_still_checked(folder: Path) -> None:
    AUDIO["half a FLAC"][0](folder)
    stimuli = read_stimuli(folder, check_audio=False)
    with pytest.raises(AudioError, match=r"manifest.jsonl:2: audio 'x.flac': is cut off"):
        _ = stimuli[1].audio
    AUDIO["stereo"][0](folder)
    with pytest.raises(AudioError, match=r"has 2 channels"):
        read_stimuli(folder, check_audio=False)


def test_an_unreadable_recording_is_named(folder: Path, monkeypatch) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    (fault,) = validate(folder)
    assert "cannot be read: Permission denied" in str(fault)


@pytest.mark.parametrize("name", ["b.flac", "a.npz"])
def test_a_link_may_not_lead_out_of_the_folder(name: str, folder: Path) -> None:
    elsewhere = folder.parent / f"elsewhere{Path(name).suffix}"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(ManifestError, match=rf"'{name}': leads out of .*Copy it into the folder"):
        read_stimuli(folder)


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "b.flac").rename(folder / "real.flac")
    (folder / "b.flac").symlink_to("real.flac")
    assert len(read_stimuli(folder)) == 3


def test_a_folder_behind_a_link_is_read(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    assert len(read_stimuli(folder.parent / "link")) == 3


def test_all_faults_come_at_once_in_the_order_of_lines(folder: Path) -> None:
    fields(1, rate="x", language="xx")(folder)
    fields(2, id="a", audio="z.flac")(folder)
    fields(3, audio="z.flac")(folder)
    found = [(fault.line, str(fault)) for fault in validate(folder)]
    assert [line for line, _ in found] == [1, 1, 2, 3]
    with pytest.raises(
        ManifestError, match=r"'language'.* \(3 more faults: 'grounding stimuli val"
    ):
        read_stimuli(folder)


def test_a_manifest_must_hold_something(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"")
    with pytest.raises(ManifestError, match=rf"{MANIFEST}: the manifest is empty; needed"):
        read_stimuli(folder)


def test_a_byte_order_mark_is_named(folder: Path) -> None:
    content = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(b"\xef\xbb\xbf" + content)
    with pytest.raises(ManifestError, match=rf"{MANIFEST}:1: the file begins with a byte-order"):
        read_stimuli(folder)


def test_a_folder_without_manifest_is_named(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(ManifestError, match=rf"set: has no {MANIFEST}. 'grounding stimuli add'"):
        read_stimuli(folder)
    (folder / MANIFEST).mkdir()
    with pytest.raises(ManifestError, match=rf"has no {MANIFEST}"):
        read_stimuli(folder)


def test_validate_wants_a_folder(folder: Path) -> None:
    assert "does not exist; needed a folder" in str(validate(folder / "none")[0])
    assert "is a file; needed a folder" in str(validate(folder / "a.flac")[0])


def test_a_pipe_in_the_place_of_a_file_does_not_hang(folder: Path) -> None:
    (folder / "b.flac").unlink()
    os.mkfifo(folder / "b.flac")
    with pytest.raises(ManifestError, match=r"'b.flac': is no regular file"):
        read_stimuli(folder)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.binary(max_size=200)
    | st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=4))).map(
        lambda rows: "\n".join(map(json.dumps, rows)).encode()
    )
)
def test_random_bytes_never_crash(data: bytes, folder: Path) -> None:
    (folder / MANIFEST).write_bytes(data)
    faults = validate(folder)
    assert faults
    for fault in faults:
        assert str(fault).isprintable()
        str(fault).encode("utf-8")
    with pytest.raises(ManifestError):
        read_stimuli(folder)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["x.wav", "x.flac", "x.ogg"]),
    at=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=40),
    cut=st.booleans(),
)
def test_spoilt_recordings_are_read_or_refused(
    name: str, at: float, junk: bytes, cut: bool, folder: Path
) -> None:
    def spoil(data: bytearray) -> bytearray:
        place = int(at * len(data))
        return data[:place] + junk if cut else _set(data, place, junk)

    _edit(name, spoil)(folder)
    try:
        audio = read_stimuli(folder)[1].audio
    except UserError as error:
        assert str(error).isprintable()
    else:
        assert np.isfinite(audio).all()
