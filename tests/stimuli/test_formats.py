"""Tables, TextGrids and lhotse manifests become sets, and what is wrong in them is named."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from grounding.errors import UnknownName, UserError
from grounding.stimuli import ManifestError, read_stimuli, validate
from grounding.stimuli.adding import add_recordings
from grounding.stimuli.formats.reading import Options
from grounding.stimuli.formats.table import FORMATS, recognised

RATE = 8000
GRID = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.25
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "Words"
        xmin = 0
        xmax = 0.25
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.05
            text = ""
        intervals [2]:
            xmin = 0.05
            xmax = 0.15
            text = "say"
        intervals [3]:
            xmin = 0.15
            xmax = 0.25
            text = "\u00e9t\u00e9 ""item [1]"""
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 0.25
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.05
            text = "sil"
        intervals [2]:
            xmin = 0.05
            xmax = 0.15
            text = "s"
        intervals [3]:
            xmin = 0.15
            xmax = 0.25
            text = "e"
'''
SHORT = '''"ooTextFile short"
"TextGrid"
0
0.25
<exists>
2
"IntervalTier"
"Words"
0
0.25
3
0 0.05 ""
0.05 0.15 "say"
0.15 0.25 "\u00e9t\u00e9 ""item [1]""" ! a comment with "quotes" and 7
"IntervalTier"
"phones"
0
0.25
3
0 0.05 "sil"
0.05 0.15 "s"
0.15 0.25 "e"
'''


@pytest.fixture
def sounds(tmp_path: Path, tone: np.ndarray) -> Path:
    """A folder with one.wav and two.flac, a quarter of a second each."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    soundfile.write(folder / "one.wav", tone, RATE)
    soundfile.write(folder / "two.flac", tone / 2, RATE)
    return folder


def refused(folder: Path, match: str, **arguments) -> str:
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match=match) as caught:
        add_recordings(folder, **{"language": "en", **arguments})
    assert sorted(folder.rglob("*")) == before
    return str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_is_seen_in_a_folder_without_it(name: str, sounds: Path) -> None:
    assert not FORMATS[name].recognises(sounds)
    assert recognised(sounds).name == "txt"


def test_a_folder_in_two_formats_is_refused_until_one_is_named(sounds: Path) -> None:
    for name in ("one", "two"):
        (sounds / f"{name}.txt").write_text(name)
        (sounds / f"{name}.TextGrid").write_text(GRID)
    refused(sounds, r"can be read as txt \(a .txt beside.*\), textgrid .*Say which with --format")
    with pytest.raises(UnknownName, match=r"unknown format 'textgrids'. Did you mean 'textgrid'"):
        add_recordings(sounds, format="textgrids", language="en")
    assert add_recordings(sounds, format="textgrid", language="en").format.name == "textgrid"


# TextGrids


@pytest.mark.parametrize("text", [GRID, SHORT, GRID.replace("\n", "\r\n")])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_a_textgrid_gives_transcript_phones_and_times(text: str, coding: str, sounds: Path) -> None:
    mark = "\ufeff" if coding.startswith("utf-16") else ""
    (sounds / "one.TextGrid").write_bytes((mark + text).encode(coding))
    (sounds / "three.TextGrid").write_text("x")
    added = add_recordings(sounds, language="fr", skip_untranscribed=True)
    assert (added.format.name, added.without_transcript) == ("textgrid", ("two.flac",))
    assert added.unused == ("three.TextGrid",)
    assert validate(sounds) == []
    (one,) = read_stimuli(sounds)
    assert (one.transcript, one.phones) == ('say été "item [1]"', ("s", "e"))
    assert one.attributes["words"] == (("say", 0.05, 0.15), ('été "item [1]"', 0.15, 0.25))
    assert one.attributes["segments"] == (("s", 0.05, 0.15), ("e", 0.15, 0.25))


def test_tiers_of_other_names_must_be_named(sounds: Path) -> None:
    text = SHORT.replace('"Words"', '"ORT"').replace('"phones"', '"MAU"')
    for name in ("one", "two"):
        (sounds / f"{name}.TextGrid").write_text(text, encoding="utf-8")
    refused(sounds, r'its tiers are "ORT", "MAU"; needed one .*"words" .*Say which with --words-t')
    options = Options(words_tier="ORT")
    refused(sounds, r'needed one that is called "X"', options=Options("", "ORT", "X"))
    add_recordings(sounds, language="fr", options=options)
    assert read_stimuli(sounds)[0].phones is None


def test_phones_are_read_by_whom_the_caller_says(sounds: Path) -> None:
    for name in ("one", "two"):
        (sounds / f"{name}.TextGrid").write_text(SHORT, encoding="utf-8")
    refused(
        sounds,
        r'its tier of phones holds \["S S", "E E"\]; needed a list of phones',
        options=Options(phones=lambda labels: [f"{x} {x}".upper() for x in labels]),
    )
    add_recordings(sounds, language="fr", options=Options(phones=lambda labels: ["ʃ", "e"]))
    one = read_stimuli(sounds)[0]
    assert (one.phones, one.attributes["segments"][0]) == (("ʃ", "e"), ("ʃ", 0.05, 0.15))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", r"line 1: ends where 'ooTextFile' is needed"),
        ('"ooTextFile" "PitchTier" 0 1', "line 1: is no TextGrid"),
        ('"ooTextFile"\n"TextGrid"\n1 0', r"line 3: starts at 1 s and ends at 0 s; needed a later"),
        ('"ooTextFile" "TextGrid" 0 1e999', "holds \"1e999\" where the end is needed"),
        ('"ooTextFile" "TextGrid" 0 1 <absent>', r"its tiers are none; needed one"),
        ('"ooTextFile" "TextGrid" 0 1 <exists> 1.5', 'holds "1.5" where the number of tiers'),
        ('"ooTextFile" "TextGrid" 0 1 <exists> "x"', 'holds "x" where the number of tiers'),
        ('"ooTextFile" "TextGrid" 0 1 <exists> 1 "Sound" "x"', 'has a tier of class "Sound"'),
        (SHORT + "7", "line 23: holds more than it declares"),
        (SHORT.replace('0.05 0.15 "say"', '0.01 0.15 "say"'), r'tier "Words" has "say" from 0.01'),
        (SHORT.replace('0.15 0.25 "e"', '0.15 0.3 "e"'), r"line 22: tier .* up to 0.25 s"),
        (SHORT.replace('"e"', ""), r"ends where a label is needed"),
        (SHORT.replace('"say"', '"a\nb"'), r"its tier of words holds .*; needed printable text"),
        (SHORT.replace('"say"', '"sp"').replace('"\u00e9t\u00e9 ""item [1]"""', '""'), "no label"),
        (SHORT.replace('"IntervalTier"\n"Words"', '"TextTier"\n"x"', 1), "line 13: holds|where"),
        (SHORT.replace("0.25", "2.25", 1), r"'one.wav': lasts 0.250 s; 2.250 s are said of it"),
    ],
)  # fmt: skip
def test_a_textgrid_that_is_wrong_is_named(text: str, match: str, sounds: Path) -> None:
    (sounds / "one.TextGrid").write_text(text, encoding="utf-8")
    message = refused(sounds, match, skip_untranscribed=True)
    assert "\n  one.TextGrid: " in message
    assert message.endswith("\nCorrect these and run it again.")


def test_points_and_other_codings_are_no_words(sounds: Path) -> None:
    points = '"ooTextFile" "TextGrid" 0 0.25 <exists> 1 "TextTier" "words" 0 0.25 1 0.1 "x"'
    (sounds / "one.TextGrid").write_text(points)
    refused(sounds, r'its tier "words" has points; needed intervals', skip_untranscribed=True)
    for data, match in (
        (b"ooBinaryFile\x08TextGrid", "is a binary TextGrid. Save it as a text file"),
        (b'"\xe9"', "byte 2 is not UTF-8. Save it as UTF-8"),
        (b"\xff\xfe\x00\xd8", "byte 3 is not UTF-16. Save it as UTF-8"),
    ):
        (sounds / "one.TextGrid").write_bytes(data)
        refused(sounds, match, skip_untranscribed=True)


# Tables


def table(folder: Path, text: str, name: str = "list.csv") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_table_gives_every_field(sounds: Path, track) -> None:
    from grounding.stimuli import write_articulation

    write_articulation(sounds / "one.npz", track)
    table(
        sounds,
        "\ufeffaudio,transcript,language,id,phones,marks,articulation,samples,attributes,concept\n"
        'one.wav," e\u0301te\u0301 ",fr,a,e t e,"[""clear""]",one.npz,2000,"{""x"": 1}",\n'
        "\n"
        'two.flac,"one, two",en,,,,,,,7\n',
    )
    added = add_recordings(sounds)
    assert (added.format.name, added.stimuli, added.unused) == ("table", 2, ())
    assert validate(sounds) == []
    one, two = read_stimuli(sounds)
    assert (one.id, one.transcript, one.language) == ("a", "été", "fr")
    assert (one.phones, one.marks, one.attributes["x"]) == (("e", "t", "e"), ("clear",), 1)
    assert (one.concept, two.concept) == (None, "7")
    assert one.articulation.frames == 25
    assert (two.id, two.transcript, two.language) == ("two", "one, two", "en")


def test_tabs_and_other_names_of_columns(sounds: Path) -> None:
    text = "file\tsentence\none.wav\tone\ntwo.flac\ttwo\n"
    table(sounds, text, "list.tsv")
    options = Options({"audio": "file", "transcript": "sentence"})
    refused(sounds, r'list.tsv:1: unknown column "file"', format="table")
    add_recordings(sounds, format="table", language="en", options=options)
    assert read_stimuli(sounds).transcripts == ("one", "two")


def test_recordings_that_no_row_names_are_told(sounds: Path) -> None:
    table(sounds, "audio,transcript\none.wav,one\n")
    assert add_recordings(sounds, language="en").unused == ("two.flac",)


def test_every_bad_row_is_named_with_its_line(sounds: Path) -> None:
    table(
        sounds,
        "audio,transcript,rate,language,marks\n"
        'one.wav,"a\nb",8000,en,\n'
        "two.flac,two,9000,en,\n"
        "two.flac\n"
        ",x,,en,\n"
        "z.wav,x,,en,\n"
        "../x.wav,x,,en,\n"
        "one.wav,one,8k,en,\n"
        "one.wav,one,,fr,\n"
        "two.flac,two,,en,[1\n"
        "one.wav,,,en,\n",
    )
    message = refused(sounds, r"nothing was written")
    for part in (
        "list.csv:2: 'one.wav': field 'transcript' is \"a\\nb\"; needed what is said",
        "list.csv:4: 'two.flac': has rate 8000; 9000 is said of it. Correct one.",
        "list.csv:5: has 1 cells and the header 5; needed as many",
        "list.csv:6: names no recording; needed a path under 'audio'",
        "list.csv:7: 'z.wav': does not exist in",
        "list.csv:8: '../x.wav': needed the path of a .flac",
        "list.csv:9: 'one.wav': would have the id of list.csv:2. Rename one.",
        "list.csv:10: 'one.wav': language is 'fr' in the data and 'en' in what you gave",
        "list.csv:11: 'two.flac': would have the id of list.csv:4. Rename one.",
        "one.wav (list.csv:12): its row has no transcript",
        "leave out what has no transcript with --skip-untranscribed",
    ):
        assert part in message, message


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("audio,transcirpt\n", r'list.csv:1: unknown column "transcirpt". Did you mean \'transcr'),
        ("audio,zzz\n", r"unknown column \"zzz\". Known: id, .*--column FIELD=COLUMN"),
        ("audio,transcript,audio\n", r"two columns hold 'audio'; needed one"),
        ("audio,language\n", r"no column 'transcript'; the columns are \"audio\", \"language\""),
        ("audio;transcript\n", r"unknown column \"audio;transcript\""),
        ("", r"list.csv: is empty; needed a line that names the columns"),
        ('audio,transcript\n"one', r"list.csv:2: no table \(unexpected end of data\)"),
        ("audio,transcript\none.wav,one\0\n", r"list.csv:2: "),
        ("audio,transcript\n", r"no recording; needed files that end in"),
        (
            "audio,transcript,language,samples\none.wav,one,en,7\n",
            r"has samples 2000; 7 is said of it",
        ),
        (
            f"audio,transcript,language,sha256\none.wav,one,en,{'0' * 64}\n",
            r"has sha256 \w+; \"0000",
        ),
        (
            "audio,transcript,language,articulation\none.wav,one,en,x.npz\n",
            r"articulation 'x.npz': does not exist",
        ),
    ],
)
def test_a_table_that_is_wrong_is_named(text: str, match: str, sounds: Path) -> None:
    table(sounds, text)
    refused(sounds, match, format="table")


def test_one_table_is_needed_and_in_utf8(sounds: Path) -> None:
    refused(sounds, r"has these .csv and .tsv files: none; needed one", format="table")
    table(sounds, "audio,transcript\n", "a.csv")
    table(sounds, "audio,transcript\n", "b.tsv")
    refused(sounds, r"files: a.csv, b.tsv; needed one. Move the others away")
    (sounds / "b.tsv").unlink()
    (sounds / "a.csv").write_bytes(b"audio,transcript\none.wav,\xe9\n")
    refused(sounds, r"a.csv: is not UTF-8. Save it as UTF-8")
    (sounds / "a.csv").unlink()
    (sounds / "a.csv").symlink_to(sounds.parent / "elsewhere.csv")
    (sounds.parent / "elsewhere.csv").write_text("audio,transcript\none.wav,one\n")
    assert recognised(sounds).name == "txt"
    refused(sounds, r"leads out of", format="table")


def test_a_column_that_is_not_there_cannot_be_named(sounds: Path) -> None:
    table(sounds, "audio,transcript\none.wav,one\n")
    options = Options({"speaker": "who"})
    refused(sounds, r"no column \"who\" to be 'speaker'; the columns are", options=options)


# lhotse


def recording(name: str, path: str, seconds: float = 0.25, **more) -> dict:
    source = {"type": "file", "channels": [0], "source": path}
    about = {"sampling_rate": RATE, "num_samples": int(seconds * RATE), "duration": seconds}
    return {"id": name, "sources": [source], **about, **more}


def supervision(name: str, of: str, start: float = 0, duration: float = 0.25, **more) -> dict:
    about = {"recording_id": of, "start": start, "duration": duration, "channel": 0}
    return {"id": name, **about, "text": name, "language": "en", "speaker": "Ann", **more}


def manifests(folder: Path, recordings: list, supervisions: list, ending: str = ".jsonl") -> None:
    for name, rows in (("recordings", recordings), ("supervisions", supervisions)):
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        data = gzip.compress(text) if ending.endswith(".gz") else text
        (folder / f"{name}{ending}").write_bytes(data)


@pytest.fixture
def both(sounds: Path) -> Callable[..., None]:
    """Write manifests of both recordings: both(supervision, ...)."""

    def write(*said: dict, ending: str = ".jsonl", **more) -> None:
        found = [
            recording("r1", "one.wav", **more),
            recording("r2", str(sounds.resolve() / "two.flac")),
        ]
        manifests(sounds, found, list(said), ending)

    return write


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_supervisions_become_stimuli_and_parts_are_cut_out(
    ending: str, sounds: Path, both, tone
) -> None:
    aligned = {"word": [["big", 0.05, 0.1, None], ["", 0.15, 0.01]], "phone": [["b", 0.05, 0.02]]}
    both(
        supervision("whole", "r1"),
        supervision("part one", "r2", 0.05, 0.1, alignment=aligned),
        ending=ending,
    )
    added = add_recordings(sounds)
    assert (added.format.name, added.stimuli, added.converted) == ("lhotse", 2, ("two.flac",))
    assert validate(sounds) == []
    whole, part = read_stimuli(sounds)
    assert (whole.id, whole.audio_path, whole.speaker) == ("whole", "one.wav", "Ann")
    assert (part.id, part.audio_path, part.samples) == ("part-one", "converted/part-one.wav", 800)
    assert part.phones == ("b",)
    assert part.attributes == {
        "words": (("big", 0.0, 0.1),),
        "segments": (("b", 0.0, 0.02),),
        "converted_from": "two.flac",
        "part_s": (0.05, 0.15),
    }
    np.testing.assert_allclose(part.audio, tone[400:1200] / 2, atol=2**-15)


def test_one_channel_of_several_is_taken(sounds: Path, tone) -> None:
    soundfile.write(sounds / "one.wav", np.stack([tone, tone / 4], 1), RATE, "FLOAT")
    found = recording("r1", "one.wav")
    found["sources"][0]["channels"] = [0, 1]
    manifests(sounds, [found], [supervision("a", "r1", channel=1)])
    add_recordings(sounds)
    (a,) = read_stimuli(sounds)
    assert a.attributes == {"converted_from": "one.wav", "channel": 1}
    np.testing.assert_array_equal(a.audio, tone / 4)


def test_a_channel_that_is_not_there_is_refused(sounds: Path, tone) -> None:
    soundfile.write(sounds / "one.wav", np.stack([tone, tone], 1), RATE)
    found = recording("r1", "one.wav")
    found["sources"][0]["channels"] = [0, 1, 2]
    manifests(sounds, [found], [supervision("a", "r1", channel=2)])
    refused(sounds, r"has 2 channels; number 2, counted from 0, is not one of them")


def test_cuts_become_stimuli(sounds: Path) -> None:
    cut = {"id": "c", "start": 0.05, "duration": 0.1, "channel": 0, "type": "MonoCut"}
    said = supervision("s", "r2", 0, 0.1, text="two", alignment={"word": [["two", 0.05, 0.1]]})
    cut |= {"recording": recording("r2", "two.flac"), "supervisions": [said]}
    (sounds / "cuts.jsonl").write_text(json.dumps(cut) + "\n")
    add_recordings(sounds)
    (stimulus,) = read_stimuli(sounds)
    assert (stimulus.id, stimulus.transcript, stimulus.samples) == ("c", "two", 800)
    assert stimulus.attributes == {"converted_from": "two.flac", "part_s": (0.05, 0.15)}


@pytest.mark.parametrize("change", [{"type": "MixedCut"}, {"supervisions": []}, {"recording": 1}])
def test_cuts_that_are_no_part_of_one_recording_are_refused(change: dict, sounds: Path) -> None:
    cut = {"id": "c", "recording": recording("r1", "one.wav"), "supervisions": [{}], **change}
    (sounds / "cuts.jsonl").write_text(json.dumps(cut) + "\n")
    refused(sounds, r"cuts.jsonl:1: needed a MonoCut of one recording with one supervision")
    (sounds / "supervisions.jsonl").write_text("{}\n")
    refused(sounds, r"has cuts \(cuts.jsonl\) and supervisions \(supervisions.jsonl\); needed one")


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"recording_id": "r9"}, r'supervisions.jsonl:1: recording "r9" is not among the recor'),
        ({"start": -1}, r"'start' is -1; needed seconds from 0"),
        ({"duration": float("nan")}, r"'duration' is NaN; needed seconds from 0"),
        ({"start": 0.2}, r"'one.wav': lasts 0.250 s; its part from 0.200 to 0.450 s is not in it"),
        ({"duration": 0}, r"its part from 0.000 to 0.000 s is not in it"),
        ({"language": "English"}, r"the data name no language; needed a two-letter"),
        ({"speaker": 3}, r"field 'speaker' is 3; needed who speaks"),
        ({"text": "a\nb"}, r"field 'transcript' is"),
        ({"text": {"a": 1}}, r"field 'transcript' is"),
        ({"text": None}, r"a \(supervisions.jsonl:1\): no text"),
        ({"alignment": {"word": ["x"]}}, r'its alignment of word holds "x"; needed a label'),
        ({"alignment": {"word": [["x", "0", 1]]}}, r"its alignment of word holds \["),
    ],
)
def test_a_supervision_that_is_wrong_is_named(said: dict, match: str, sounds: Path, both) -> None:
    both({**supervision("a", "r1"), **said})
    refused(sounds, match, language=None)


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"sources": []}, r"its recording has no source, or several; needed one file"),
        ({"sources": [{"type": "command", "source": "rm x"}]}, r'of type "command"; needed a file'),
        ({"sources": [{"type": "url", "source": "http://x"}]}, r'of type "url"; needed a file'),
        ({"sources": [{"type": "file", "source": "/etc/x.wav"}]}, r"is not inside .*needed a file"),
        ({"sources": [{"type": "file", "source": "../x.wav"}]}, r"needed the path of a .flac"),
        ({"transforms": [{"name": "Speed"}]}, r"its recording is transformed while it is read"),
        ({"seconds": 3.0}, r"lasts 0.250 s; 3.000 s are said of it"),
        ({"id": "r2"}, r'recordings.jsonl:2: recording "r2" comes twice. Delete one of them'),
    ],
)
def test_a_lhotse_recording_that_is_wrong_is_named(
    more: dict, match: str, sounds: Path, both
) -> None:
    both(supervision("a", "r1"), **more)
    refused(sounds, match)


def test_lines_that_are_no_objects_are_named(sounds: Path, both) -> None:
    both(supervision("a", "r1"))
    (sounds / "supervisions.jsonl").write_bytes(b"[1]\n{\n" + b"x" * 1_000_001 + b"\n{}\n")
    message = refused(sounds, r"supervisions.jsonl:1: needed a JSON object")
    assert "supervisions.jsonl:2: no JSON; needed a JSON object a line" in message
    assert "supervisions.jsonl:3: is longer than 1000000 bytes" in message
    assert "supervisions.jsonl:4" not in message


def test_manifests_that_cannot_be_read_are_named(sounds: Path, both) -> None:
    both(supervision("a", "r1"), ending=".jsonl.gz")
    data = (sounds / "supervisions.jsonl.gz").read_bytes()
    (sounds / "supervisions.jsonl.gz").write_bytes(data[:-12])
    refused(sounds, r"supervisions.jsonl.gz: cannot be read after line \d")
    (sounds / "supervisions.jsonl.gz").write_bytes(b"hello")
    refused(sounds, r"supervisions.jsonl.gz: cannot be read after line 0")
    (sounds / "libri_supervisions_dev.jsonl").write_text("{}\n")
    refused(sounds, r"has these supervisions: libri_supervisions_dev.jsonl, supervisions.jsonl.gz;")


# Sets elsewhere


def test_a_set_elsewhere_holds_copies_of_all(sounds: Path, tmp_path: Path, track) -> None:
    from grounding.stimuli import write_articulation

    write_articulation(sounds / "one.npz", track)
    table(
        sounds,
        "audio,transcript,articulation\none.wav,one,one.npz\ntwo.flac,two,\n",
    )
    before = {path: path.read_bytes() for path in sounds.iterdir()}
    told = []
    out = tmp_path / "new" / "set"
    added = add_recordings(
        sounds, language="en", out=out, progress=lambda done, total: told.append((done, total))
    )
    assert (added.manifest, added.copied, added.converted) == (out / "manifest.jsonl", 2, ())
    assert told == [(1, 2), (2, 2)]
    assert validate(out) == []
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == [
        "articulation/one.npz",
        "audio/one.wav",
        "audio/two.flac",
        "manifest.jsonl",
    ]
    assert {path: path.read_bytes() for path in sounds.iterdir()} == before
    with pytest.raises(ManifestError, match=r"manifest.jsonl exists and is not overwritten"):
        add_recordings(sounds, language="en", out=out)


def test_a_place_that_cannot_be_written_to_is_named(sounds: Path, tmp_path: Path) -> None:
    table(sounds, "audio,transcript\none.wav,one\n")
    (tmp_path / "file").write_text("x")
    refused(sounds, r"file is no folder. Give another one with --out", out=tmp_path / "file")
    refused(sounds, r"cannot be written to \(Not a directory\)", out=tmp_path / "file" / "set")
    (tmp_path / "audio").mkdir()
    refused(sounds, r"audio exists and is not overwritten", out=tmp_path)


def test_a_copy_never_lands_in_what_is_there(sounds: Path, monkeypatch) -> None:
    from grounding.stimuli import staging

    table(sounds, "audio,transcript\none.wav,one\n")
    (sounds / "converted").mkdir()
    refused(sounds, r"converted exists and is not overwritten", rate=16000)
    with staging.stage_in(sounds) as stage:
        (stage / "converted").mkdir()
        with pytest.raises(ManifestError, match=r"converted exists .*or give another folder"):
            staging.settled(sounds, stage, [])


def test_a_failed_set_elsewhere_leaves_nothing(sounds: Path, tmp_path: Path) -> None:
    table(sounds, "audio,transcript\none.wav,one\nz.wav,two\n")
    refused(sounds, r"z.wav", out=tmp_path / "set")
    assert not (tmp_path / "set").exists()
