"""Sets with one thing wrong each, and what must be said of it.

    python tests/stimuli/broken_sets.py FOLDER

writes every one of them into a folder of its own below FOLDER, and prints its name with the place
and the pattern of the message. `grounding stimuli validate --audio` names each.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from grounding.stimuli import Articulation, Stream, write_articulation

MANIFEST = "manifest.jsonl"
RATE = 8000
Spoil = Callable[[Path], object]


@dataclass(frozen=True)
class Broken:
    """One set that is broken.

    spoil: breaks a whole set in its folder.
    says: what the message must match.
    line: of the manifest that is at fault; None where the fault is of the whole.
    place: the file at fault, relative to the set's folder.
    opened: whether it only shows when the files are opened.
    """

    spoil: Spoil
    says: str
    line: int | None = 2
    place: str = MANIFEST
    opened: bool = False


def write_whole_set(folder: Path) -> None:
    """Write a set of three stimuli with nothing wrong; line 1 has an articulation."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(2)
    records = []
    for name, transcript in (("a", "one"), ("b", "two"), ("c", "two")):
        soundfile.write(folder / f"{name}.flac", 0.3 * rng.uniform(-1, 1, 2000), RATE)
        record = {"id": name, "transcript": transcript, "language": "en"}
        records.append({**record, "audio": f"{name}.flac", "rate": RATE})
    flesh = Stream("flesh", rng.normal(size=(25, 2)), ("TT.x", "TT.y"), ("mm", "mm"))
    write_articulation(folder / "a.npz", Articulation(100.0, {"flesh": flesh}))
    records[0] |= {"articulation": "a.npz", "samples": 2000}
    lines = [json.dumps(record) + "\n" for record in records]
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def raw(line: int, text: bytes) -> Spoil:
    """Put these bytes in the place of a line of the manifest."""

    def spoil(folder: Path) -> None:
        lines = (folder / MANIFEST).read_bytes().splitlines(keepends=True)
        lines[line - 1] = text
        (folder / MANIFEST).write_bytes(b"".join(lines))

    return spoil


def fields(line: int, **changed: object) -> Spoil:
    """Change fields of a line; `...` takes one away."""

    def spoil(folder: Path) -> None:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines(keepends=True)
        record = json.loads(lines[line - 1]) | changed
        record = {key: value for key, value in record.items() if value is not ...}
        lines[line - 1] = json.dumps(record) + "\n"
        (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")

    return spoil


def recording(name: str, values: np.ndarray, **options: str) -> Spoil:
    """Make line 2 name a recording of these values."""

    def spoil(folder: Path) -> None:
        soundfile.write(folder / name, values, RATE, **options)
        fields(2, audio=name)(folder)

    return spoil


def edited(name: str, edit: Callable[[bytearray], bytes | bytearray]) -> Spoil:
    """Make line 2 name a recording of a quarter of a second whose bytes were changed."""

    def spoil(folder: Path) -> None:
        rng = np.random.default_rng(2)
        recording(name, 0.3 * rng.uniform(-1, 1, size=2000))(folder)
        (folder / name).write_bytes(bytes(edit(bytearray((folder / name).read_bytes()))))

    return spoil


def put(data: bytearray, at: int, value: bytes) -> bytearray:
    """Overwrite bytes."""
    data[at : at + len(value)] = value
    return data


def odd(data: bytearray) -> bytearray:
    """Take one byte from the samples and tell so in both sizes of the WAV header."""
    data = data[:-1]
    put(data, 4, struct.pack("<I", len(data) - 8))
    return put(data, 40, struct.pack("<I", len(data) - 44))


def one_is(value: float, at: int) -> np.ndarray:
    """Return silence with one sample of this value."""
    values = np.zeros(2000)
    values[at] = value
    return values


def in_place_of(name: str, make: Callable[[Path], object]) -> Spoil:
    """Take a file away and put something else there."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return spoil


def moved_out(name: str) -> Spoil:
    """Move a file out of the folder and leave a link to it."""

    def spoil(folder: Path) -> None:
        elsewhere = folder.parent / f"{folder.name}-{name}"
        (folder / name).rename(elsewhere)
        (folder / name).symlink_to(elsewhere)

    return spoil


def folder_moved_out(folder: Path) -> None:
    """Let line 2 lead through a folder that is a link out."""
    elsewhere = folder.parent / f"{folder.name}-elsewhere"
    elsewhere.mkdir()
    (folder / "b.flac").rename(elsewhere / "b.flac")
    (folder / "sub").symlink_to(elsewhere)
    fields(2, audio="sub/b.flac")(folder)


def not_utf8(folder: Path) -> None:
    """Name a recording by the bytes that its name has, which are not UTF-8."""
    (folder / "b.flac").rename(folder / os.fsdecode(b"b\xe9.flac"))
    raw(
        2,
        b'{"id": "b", "transcript": "two", "language": "en", "audio": "b\xe9.flac", '
        b'"rate": 8000}\n',
    )(folder)


def aiff(folder: Path) -> None:
    """Name an AIFF file as if it were WAV."""
    soundfile.write(folder / "x.aiff", np.zeros(9), RATE)
    (folder / "x.aiff").rename(folder / "x.wav")
    fields(2, audio="x.wav")(folder)


def pickled(path: Path) -> None:
    """Write an `.npz` that holds a pickle."""
    np.savez(path, rate=np.float64(100), flesh=np.array([{"a": 1}], dtype=object))


def other_units(path: Path) -> None:
    """Write an `.npz` without units."""
    np.savez(path, rate=np.float64(100), flesh=np.zeros((25, 1), np.float32))


def not_finite(path: Path) -> None:
    """Write an `.npz` with a NaN in it."""
    named = {"flesh.channels": np.array(["TT.x"]), "flesh.units": np.array(["mm"])}
    np.savez(path, rate=np.float64(100), flesh=np.full((25, 1), np.nan, np.float32), **named)


def too_long(path: Path) -> None:
    """Write an articulation of a second for a recording of a quarter of one."""
    flesh = Stream("flesh", np.zeros((100, 1)), ("TT.x",), ("mm",))
    write_articulation(path, Articulation(100.0, {"flesh": flesh}))


def empty_zip(path: Path) -> None:
    """Write a zip archive with nothing in it."""
    zipfile.ZipFile(path, "w").close()


WHOLE = {
    "the manifest is empty": Broken(
        lambda folder: (folder / MANIFEST).write_bytes(b""),
        "the manifest is empty; needed a JSON object a line",
        None,
    ),
    "the manifest is a folder": Broken(
        in_place_of(MANIFEST, Path.mkdir), f"has no {MANIFEST}. 'grounding stimuli add'", None, ""
    ),
    "the manifest is a pipe": Broken(
        in_place_of(MANIFEST, os.mkfifo), f"has no {MANIFEST}", None, ""
    ),
    "the manifest leads out": Broken(
        moved_out(MANIFEST), "leads out of .*; needed a file inside. Copy it", None
    ),
    "a byte-order mark": Broken(
        lambda folder: (folder / MANIFEST).write_bytes(
            b"\xef\xbb\xbf" + (folder / MANIFEST).read_bytes()
        ),
        "the file begins with a byte-order mark",
        1,
    ),
    "UTF-16": Broken(
        lambda folder: (folder / MANIFEST).write_bytes(
            (folder / MANIFEST).read_text().encode("utf-16")
        ),
        "byte 1 of the line .0xff. is not UTF-8",
        1,
    ),
    "a FLAC file": Broken(
        lambda folder: (folder / MANIFEST).write_bytes((folder / "a.flac").read_bytes()),
        "is not UTF-8",
        1,
    ),
}
LINES = {
    "no JSON": Broken(raw(2, b"{'id': 'b'}\n"), "no JSON .*column 2.*Correct the line"),
    "cut off": Broken(raw(2, b'{"id": "b", "trans\n'), "no JSON"),
    "a list": Broken(raw(2, b"[1]\n"), "holds a list; needed a JSON object"),
    "a text": Broken(raw(2, b'"b"\n'), "holds a text; needed a JSON object"),
    "a number": Broken(raw(2, b"7\n"), "holds a number; needed a JSON object"),
    "null": Broken(raw(2, b"null\n"), "holds null; needed a JSON object"),
    "true": Broken(raw(2, b"true\n"), "holds true or false; needed a JSON object"),
    "a blank line": Broken(raw(2, b"\n"), "the line is blank; needed a JSON object. Delete"),
    "not UTF-8": Broken(raw(2, b'{"id": "\xe9"}\n'), "byte 9 of the line .0xe9. is not UTF-8"),
    "a NUL byte": Broken(raw(2, b'{"id": "\x00"}\n'), "no JSON"),
    "NaN": Broken(raw(2, b'{"rate": NaN}\n'), "NaN is no JSON; needed a finite number"),
    "a huge integer": Broken(
        raw(2, b'{"rate": ' + b"9" * 5000 + b"}\n"), "a number cannot be read"
    ),
    "an overflowing float": Broken(
        raw(
            2,
            b'{"id": "b", "transcript": "two", "language": "en", "audio": "b.flac", '
            b'"rate": 8000, "attributes": {"x": 1e999}}\n',
        ),
        "field 'attributes' is",
    ),
    "a field twice": Broken(raw(2, b'{"id": "b", "id": "c"}\n'), "field 'id' is given twice"),
    "deep nesting": Broken(raw(2, b"[" * 100_000 + b"\n"), "nests too deeply"),
    "nesting": Broken(raw(2, b'{"marks":' + b"[" * 50 + b"]" * 50 + b"}\n"), "nests too deeply"),
    "an endless line": Broken(raw(2, b"x" * 1_000_002), "longer than 1000000 bytes"),
    "an unknown field": Broken(
        fields(2, transcirpt="x"),
        "unknown field \"transcirpt\". Did you mean 'transcript'. Known: id, .*attributes",
    ),
    "a far unknown field": Broken(fields(2, zzz=1), 'unknown field "zzz". Known: id'),
    "no id": Broken(fields(2, id=...), "field 'id' is missing; needed a name .*Add it"),
    "no transcript": Broken(fields(2, transcript=...), "field 'transcript' is missing"),
    "no language": Broken(fields(2, language=...), "field 'language' is missing"),
    "no audio": Broken(fields(2, audio=...), "field 'audio' is missing"),
    "no rate": Broken(fields(2, rate=...), "field 'rate' is missing; needed a whole number of Hz"),
    "rate as text": Broken(
        fields(2, rate="8000"), "field 'rate' is \"8000\"; needed a whole number"
    ),
    "rate as a fraction": Broken(fields(2, rate=8000.0), "field 'rate' is 8000.0"),
    "rate true": Broken(fields(2, rate=True), "field 'rate' is true"),
    "rate 0": Broken(fields(2, rate=0), "field 'rate' is 0"),
    "rate beyond all": Broken(fields(2, rate=10**300), "field 'rate' is 1000.*\\.\\.\\.; needed"),
    "samples 0": Broken(fields(2, samples=0), "field 'samples' is 0"),
    "a null field": Broken(fields(2, speaker=None), "field 'speaker' is null; needed who speaks"),
    "an id with a slash": Broken(
        fields(2, id="b/c"), "field 'id' is \"b/c\"; needed a name of letters"
    ),
    "an id with a line feed": Broken(fields(2, id="b\n"), "field 'id' is .*needed a name"),
    "an id as number": Broken(fields(2, id=2), "field 'id' is 2; needed a name"),
    "an empty transcript": Broken(
        fields(2, transcript=""), "field 'transcript' is \"\"; needed what"
    ),
    "a blank transcript": Broken(
        fields(2, transcript=" \t"), "field 'transcript' is .*; needed what"
    ),
    "space at its end": Broken(fields(2, transcript="two "), "field 'transcript' is \"two \""),
    "another Unicode form": Broken(fields(2, transcript="e\u0301te"), "needed .*form NFC"),
    "half a surrogate pair": Broken(fields(2, transcript="\ud800"), r"'transcript' is '\\ud800'"),
    "half a pair inside": Broken(fields(2, attributes={"x": ["\udfff"]}), "field 'attributes' is"),
    "half a pair as a field": Broken(fields(2, **{"\ud800": 1}), r"unknown field '\\ud800'"),
    "a language by name": Broken(
        fields(2, language="english"), "'language' is \"english\"; needed a two"
    ),
    "no such language": Broken(
        fields(2, language="xx"), "field 'language' is \"xx\"; needed a two"
    ),
    "a digest too short": Broken(
        fields(2, sha256="00"), "field 'sha256' is \"00\"; needed the SHA-256"
    ),
    "phones in one text": Broken(fields(2, phones="tu"), "field 'phones' is \"tu\"; needed a list"),
    "no phones": Broken(fields(2, phones=[]), "field 'phones' is \\[\\]; needed a list of phones"),
    "a phone with space": Broken(fields(2, phones=["t u"]), "field 'phones' is"),
    "marks of numbers": Broken(
        fields(2, marks=[1]), "field 'marks' is \\[1\\]; needed a list of texts"
    ),
    "attributes in a list": Broken(
        fields(2, attributes=[]), "field 'attributes' is \\[\\]; needed a J"
    ),
    "audio upwards": Broken(
        fields(2, audio="../b.flac"), "field 'audio' is .*needed the path.*inside"
    ),
    "audio upwards in the middle": Broken(
        fields(2, audio="x/../../b.flac"), "field 'audio' is .*needed the path.*inside"
    ),
    "audio absolute": Broken(fields(2, audio="/b.flac"), "field 'audio' is .*needed the path"),
    "audio on a drive": Broken(fields(2, audio="C:/b.flac"), "field 'audio' is .*needed the path"),
    "audio with backslash": Broken(
        fields(2, audio="x\\b.flac"), "field 'audio' is .*needed the path"
    ),
    "audio with NUL": Broken(fields(2, audio="b\0.flac"), "field 'audio' is .*needed the path"),
    "audio not UTF-8": Broken(not_utf8, "byte 63 of the line .0xe9. is not UTF-8"),
    "audio of no known kind": Broken(fields(2, audio="b.raw"), "field 'audio' is .*needed .*.flac"),
    "articulation upwards": Broken(
        fields(2, articulation="x/../a.npz"), "field 'articulation' is .*need"
    ),
    "an id that is taken": Broken(
        fields(2, id="a"), "id 'a' is also on line 1; needed every id once"
    ),
    "version 0": Broken(
        fields(2, version=0), "field 'version' is 0; needed a whole number from 1 to 1"
    ),
    "a version of tomorrow": Broken(
        fields(2, version=9), "is of version 9 of the manifest, and version 1 is the newest"
    ),
}
FILES = {
    "audio missing": Broken(
        fields(2, audio="z.flac"), "audio 'z.flac': does not exist in .*Add the"
    ),
    "audio a folder": Broken(
        in_place_of("b.flac", Path.mkdir), "audio 'b.flac': is no regular file"
    ),
    "audio a pipe": Broken(in_place_of("b.flac", os.mkfifo), "audio 'b.flac': is no regular file"),
    "audio empty": Broken(in_place_of("b.flac", Path.touch), r"audio 'b.flac': is empty \(0 bytes"),
    "a name too long": Broken(
        fields(2, audio="b" * 300 + ".flac"), "is no path that can be followed"
    ),
    "a link to itself": Broken(
        in_place_of("b.flac", lambda path: path.symlink_to(path.name)),
        "is no path that can be followed",
    ),
    "a link to nothing": Broken(
        in_place_of("b.flac", lambda path: path.symlink_to("z.flac")), "is no regular file"
    ),
    "a link that leads out": Broken(
        moved_out("b.flac"), "'b.flac': leads out of .*Copy it into the folder"
    ),
    "a folder that leads out": Broken(
        folder_moved_out, "'sub/b.flac': leads out of .*Copy it into the folder"
    ),
    "articulation missing": Broken(
        fields(2, articulation="b.npz"), "articulation 'b.npz': does not exist"
    ),
    "articulation leads out": Broken(
        moved_out("a.npz"), "'a.npz': leads out of .*Copy it into the folder", 1
    ),
}
SOUND = {
    "another rate": Broken(
        fields(2, rate=16000),
        "is at 8000 Hz; the manifest declares 16000 Hz",
        opened=True,
    ),
    "another length": Broken(
        fields(2, samples=7), "has 2000 samples; the manifest declares 7", opened=True
    ),
    "another digest": Broken(
        fields(2, sha256="0" * 64), "has SHA-256 .*; the manifest declares 0000", opened=True
    ),
    "no audio": Broken(
        edited("x.wav", lambda d: b"hello" * 99),
        "cannot be opened as FLAC, WAV or Ogg",
        opened=True,
    ),
    "another kind": Broken(aiff, "is AIFF; needed FLAC, WAV or Ogg", opened=True),
    "stereo": Broken(
        recording("x.wav", np.zeros((2000, 2))),
        "has 2 channels; needed one. Mix it down",
        opened=True,
    ),
    "no samples": Broken(
        recording("x.wav", np.zeros(0)), "holds no samples, or does not say how many", opened=True
    ),
    "not a number": Broken(
        recording("x.wav", one_is(np.nan, 1234), subtype="FLOAT"),
        r"is \[nan\] at sample 1234; needed finite",
        opened=True,
    ),
    "infinite": Broken(
        recording("x.wav", one_is(-np.inf, 7), subtype="FLOAT"),
        r"is \[-inf\] at sample 7; needed finite",
        opened=True,
    ),
    "beyond float32": Broken(
        recording("x.wav", one_is(1e300, 0), subtype="DOUBLE"),
        r"is \[inf\] at sample 0",
        opened=True,
    ),
    "half a FLAC": Broken(
        edited("x.flac", lambda d: d[: len(d) // 2]),
        "is cut off or damaged: .* of the",
        opened=True,
    ),
    "a FLAC less its end": Broken(
        edited("x.flac", lambda d: d[:-3]), "is cut off or damaged", opened=True
    ),
    "a FLAC with a flipped bit": Broken(
        edited("x.flac", lambda d: put(d, len(d) - 99, bytes([d[-99] ^ 16]))),
        "is cut off or damaged",
        opened=True,
    ),
    "a FLAC of ten hours, it says": Broken(
        edited("x.flac", lambda d: put(d, 22, struct.pack(">I", RATE * 36000))),
        "of the 288000000 samples",
        opened=True,
    ),
    "a FLAC of unknown length": Broken(
        edited("x.flac", lambda d: put(d, 22, bytes(4))), "does not say how many", opened=True
    ),
    "a FLAC header alone": Broken(
        edited("x.flac", lambda d: d[:42]), "cannot be opened|is cut off", opened=True
    ),
    "half a WAV": Broken(
        edited("x.wav", lambda d: d[:2000]),
        "header that lies: chunk 'data' declares 4000",
        opened=True,
    ),
    "a WAV that says less": Broken(
        edited("x.wav", lambda d: put(d, 40, struct.pack("<I", 100))),
        "header that lies: chunk 'unnamed'",
        opened=True,
    ),
    "a WAV of ten hours, it says": Broken(
        edited("x.wav", lambda d: put(d, 40, struct.pack("<I", 2 * RATE * 36000))),
        "header that lies: chunk 'data' declares 576000000 bytes and 4000 are there",
        opened=True,
    ),
    "a WAV from a pipe": Broken(
        edited("x.wav", lambda d: put(d, 40, b"\xff" * 4)), "header that lies", opened=True
    ),
    "half a sample": Broken(
        edited("x.wav", odd), "is cut off within a sample: 3999 bytes of 2", opened=True
    ),
    "half an Ogg": Broken(
        edited("x.ogg", lambda d: d[: d.rfind(b"OggS")]),
        "holds no samples|is cut off: its last Ogg page",
        opened=True,
    ),
}
ARTICULATION = {
    "no archive": Broken(
        in_place_of("a.npz", lambda path: path.write_bytes(b"hello")),
        "articulation 'a.npz': is no .npz file",
        1,
        opened=True,
    ),
    "half an archive": Broken(
        lambda folder: (folder / "a.npz").write_bytes((folder / "a.npz").read_bytes()[:200]),
        "articulation 'a.npz': cannot be read as an .npz file",
        1,
        opened=True,
    ),
    "an archive of nothing": Broken(
        in_place_of("a.npz", empty_zip), "articulation 'a.npz': has no array 'rate'", 1, opened=True
    ),
    "an archive with a pickle": Broken(
        in_place_of("a.npz", pickled),
        "articulation 'a.npz': cannot be read as an .npz file without pickle",
        1,
        opened=True,
    ),
    "a pickle": Broken(
        in_place_of("a.npz", lambda path: path.write_bytes(pickle.dumps({"rate": 100}))),
        "articulation 'a.npz': is no .npz file",
        1,
        opened=True,
    ),
    "no units": Broken(
        in_place_of("a.npz", other_units), "lacks, or has alone, flesh.channels", 1, opened=True
    ),
    "not finite": Broken(
        in_place_of("a.npz", not_finite), "'flesh' is nan at frame 0", 1, opened=True
    ),
    "another clock": Broken(
        in_place_of("a.npz", too_long), "lasts 1.000 s and the recording 0.250 s", 1, opened=True
    ),
}
BROKEN = {
    f"{kind}: {name}": broken
    for kind, table in (
        ("manifest", WHOLE),
        ("line", LINES),
        ("file", FILES),
        ("sound", SOUND),
        ("articulation", ARTICULATION),
    )
    for name, broken in table.items()
}


def write_broken(name: str, folder: Path) -> Path:
    """Write the set `name` of `BROKEN` to the new folder `folder`; return the file at fault."""
    write_whole_set(folder)
    BROKEN[name].spoil(folder)
    return folder / BROKEN[name].place if BROKEN[name].place else folder


def main(out: Path) -> None:
    """Write all of them below `out`."""
    for number, (name, broken) in enumerate(BROKEN.items(), start=1):
        write_broken(name, out / f"{number:03d}")
        print(f"{number:03d}\t{name}\t{broken.place}:{broken.line}\t{broken.says}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
