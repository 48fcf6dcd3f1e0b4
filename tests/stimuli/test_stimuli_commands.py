"""`grounding stimuli` says what is there and what is wrong."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import grounding.stimuli.sets as sets
from grounding.commands.stimuli import app
from grounding.errors import StimulusMismatch, UnknownName, UserError
from grounding.stimuli import ManifestError, Stream, read_stimuli, write_articulation
from grounding.stimuli.description import describe
from grounding.stimuli.formats.table import FORMATS
from grounding.stimuli.importers import IMPORTERS, Imported

runner = CliRunner()


def test_describe_counts_what_is_there(folder: Path) -> None:
    about = describe(read_stimuli(folder))
    assert (about.stimuli, about.transcripts, about.seconds) == (3, 2, 0.75)
    assert about.durations == (0.25, 0.25, 0.25)
    assert about.realisations == (1, 1.5, 2)
    assert about.languages == {"en": 3}
    assert about.speakers == {"Ann": 1}
    assert about.rates == {8000: 3}
    assert about.marks == {"clear": 1}
    assert (about.phones, about.with_phones) == ({"en": {"w": 1, "ʌ": 1, "n": 1}}, 1)
    assert about.lengths == (0.25, 0.25, 0.25)
    assert about.repeats == {("en", "one"): 1, ("en", "two"): 2}
    assert (about.concepts, about.with_concept) == (1, 1)
    assert (about.recognised, about.tested) == (1, 1)
    assert about.with_articulation == 1
    assert (about.streams["flesh"].channels, about.streams["flesh"].units) == (2, ("mm",))
    with pytest.raises(StimulusMismatch, match=r"'set' has no stimuli; needed at least one"):
        describe(read_stimuli(folder)[:0])


def test_describe_refuses_streams_that_change_their_units(folder: Path, change, track) -> None:
    flesh = Stream("flesh", track["flesh"].values, ("TT.x", "TT.y"), ("cm", "cm"))
    write_articulation(folder / "b.npz", type(track)(100.0, {"flesh": flesh}))
    change(2, articulation="b.npz")
    with pytest.raises(StimulusMismatch, match=r"'flesh' of stimulus 'b' has other channels"):
        describe(read_stimuli(folder))


def rows_of(output: str) -> dict[str, list[str]]:
    """Return the cells of each printed row by the first of them."""
    return {line.split("\t")[0]: line.split("\t")[1:] for line in output.splitlines()}


def test_the_describe_command_prints_plain_lines(folder: Path) -> None:
    result = runner.invoke(app, ["describe", str(folder)])
    assert result.exit_code == 0, result.exception
    rows = rows_of(result.output)
    assert rows["stimuli"] == ["3"]
    assert rows["stimuli a transcript"] == ["1 to 2, median 1.5"]
    assert rows["speakers"] == ["Ann 1"]
    assert rows["flesh"] == ["2 channels, mm, in 1 stimuli"]
    assert rows["digest"] == [read_stimuli(folder).digest]
    assert rows["phones, en"][0].startswith(
        "3 different, rarest n 1, ʌ 1, w 1; 3 of the 39 of CMUdict, without ɑ æ"
    )
    assert "Spaces: correlation of distances, 3 of 3 stimuli" in rows
    names = rows["Spearman"]
    assert {"intensity", "spelling"} <= set(names)
    assert rows[names[0]][0] == "1.00"
    assert "articulation" in next(name for name in rows if name.startswith("articulation, "))
    (claim,) = [rows[name] for name in rows if name == "C1"]
    assert claim[0] == "no" and claim[2].startswith("no space 'articulation': stimulus 'b' has no")


def test_describe_can_leave_the_spaces_out(folder: Path) -> None:
    result = runner.invoke(app, ["describe", str(folder), "--spaces-of", "0"])
    assert result.exit_code == 0
    assert "Spearman" not in result.output and "C1" in result.output


def test_describe_says_what_is_no_ipa_and_what_is_not_known(folder: Path, change) -> None:
    change(1, phones=["W", "n"], language="nl")
    rows = rows_of(runner.invoke(app, ["describe", str(folder), "--spaces-of", "0"]).output)
    assert rows["phones, nl"] == [
        "2 different, rarest n 1, W 1; not IPA to panphon: W; no inventory of nl is known here, "
        "to say which are missing"
    ]


def test_a_language_of_the_simulator_is_held_against_its_inventory(folder: Path, change) -> None:
    change(1, phones=["ɡ", "a", "t", "o"], language="es")
    rows = rows_of(runner.invoke(app, ["describe", str(folder), "--spaces-of", "0"]).output)
    (said,) = rows["phones, es"]
    assert "; 4 of the 33 of the simulator's inventory, without i e u " in said


def test_a_diphthong_may_be_one_phone_or_two(folder: Path, change) -> None:
    change(1, phones=["a", "ʊ", "iː"])
    rows = rows_of(runner.invoke(app, ["describe", str(folder), "--spaces-of", "0"]).output)
    (said,) = rows["phones, en"]
    assert "; 3 of the 39 of CMUdict" in said
    absent = said.partition("without ")[2].split()
    assert {"aʊ", "i", "ʊ"} & set(absent) == set()
    assert "aɪ" in absent


@pytest.mark.parametrize("ending", ["png", "svg"])
@pytest.mark.parametrize("most", ["0", "300"])
def test_describe_draws(ending: str, most: str, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / f"set.{ending}"
    arguments = ["describe", str(folder), "--draw", str(file), "--spaces-of", most]
    result = runner.invoke(app, arguments)
    assert result.output.endswith(f"drawn: {file}\n"), result.exception
    start = {"png": b"\x89PNG", "svg": b"<?xml"}[ending]
    assert file.read_bytes().startswith(start)
    if ending == "svg":
        assert ("Spearman correlation of distances" in file.read_text()) == (most != "0")
    result = runner.invoke(app, arguments)
    assert "exists and is not overwritten. Name another file" in str(result.exception)


def test_describe_refuses_a_picture_of_another_kind(folder: Path, tmp_path: Path) -> None:
    result = runner.invoke(app, ["describe", str(folder), "--draw", str(tmp_path / "set.gif")])
    assert isinstance(result.exception, UnknownName)
    assert "unknown figure format 'gif'" in str(result.exception)


def test_on_a_terminal_the_columns_have_numbers(folder: Path, monkeypatch, capsys) -> None:
    from grounding.commands.describing import describe as command

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    command(str(folder))
    shown = capsys.readouterr().out
    assert re.search(r"\n +\d intensity( +-?1?\.\d\d)*\n +\d spelling ( +-?1?\.\d\d)+\n", shown)
    assert "Claims that this set can decide" in shown


def test_the_list_command_prints_the_shipped_sets(folder: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sets, "PLACES", (folder.parent,))
    result = runner.invoke(app, ["list"])
    assert result.output == ("set\tstimuli\ttranscripts\tlanguages\tseconds\nset\t3\t2\ten\t1\n")
    monkeypatch.setattr(sets, "PLACES", ())
    result = runner.invoke(app, ["list"])
    assert isinstance(result.exception, ManifestError)
    assert "no stimulus set is shipped" in str(result.exception)


def test_on_a_terminal_there_are_tables(folder: Path, monkeypatch, capsys) -> None:
    from grounding.commands import stimuli as commands

    monkeypatch.setattr(sets, "PLACES", (folder.parent,))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    commands.list_sets()
    shown = capsys.readouterr().out
    assert "transcripts" in shown
    assert "\t" not in shown


def test_the_validate_command_lists_every_fault(folder: Path, change) -> None:
    quick = "the manifest was read and its files were looked for; --audio opens them too"
    result = runner.invoke(app, ["validate", str(folder)])
    assert (result.exit_code, result.stdout) == (0, f"no faults in 3 stimuli: {quick}\n")
    change(2, audio="z.flac")
    change(3, language="xx")
    result = runner.invoke(app, ["validate", str(folder)])
    assert result.exit_code == 2
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{folder}/manifest.jsonl:2: audio 'z.flac': does not exist")
    assert second.startswith(f"{folder}/manifest.jsonl:3: field 'language' is \"xx\"")
    assert result.stderr == f"2 faults in {folder}: {quick}\n"


def test_the_validate_command_decodes_when_told_to(folder: Path) -> None:
    done = "every recording was decoded and every articulation file read"
    result = runner.invoke(app, ["validate", "--audio", str(folder)])
    assert (result.exit_code, result.stdout) == (0, f"no faults in 3 stimuli: {done}\n")
    assert "recordings: done" in result.stderr
    data = (folder / "b.flac").read_bytes()
    (folder / "b.flac").write_bytes(data[:-9])
    assert runner.invoke(app, ["validate", str(folder)]).exit_code == 0
    result = runner.invoke(app, ["validate", "--audio", str(folder)])
    assert result.exit_code == 2
    assert result.stderr.endswith(f"1 fault in {folder}: {done}\n")


def test_an_unknown_set_reaches_the_main_command(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(sets, "PLACES", (folder.parent,))
    for command in ("describe", "validate"):
        result = runner.invoke(app, [command, "sett"])
        assert isinstance(result.exception, UnknownName)
        assert "Did you mean 'set'?" in str(result.exception)


def test_the_add_command_makes_a_set(folder: Path) -> None:
    for name in ("manifest.jsonl", "c.flac"):
        (folder / name).unlink()
    (folder / "a.txt").write_text("one")
    result = runner.invoke(app, ["add", str(folder), "--language", "en"])
    assert isinstance(result.exception, ManifestError)
    arguments = ["add", str(folder), "--language", "en", "--skip-untranscribed", "--rate", "16000"]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "read as txt: a .txt beside each recording",
        "left out, no transcript: b.flac",
        "converted copy made: a.flac",
        f"wrote {folder}/manifest.jsonl: 1 stimuli",
    ]
    assert read_stimuli(folder)[0].rate == 16000
    result = runner.invoke(app, ["add", str(folder)])
    assert "manifest.jsonl exists and is not overwritten" in str(result.exception)


def add(*arguments: object):
    return runner.invoke(app, ["add", *map(str, arguments)])


def test_the_add_command_takes_tables_and_tiers(folder: Path, tmp_path: Path) -> None:
    (folder / "manifest.jsonl").unlink()
    table = "file,transcript,phones\na.flac,one,W AH1 N\nb.flac,two,T UW1\n"
    (folder / "list.csv").write_text(table)
    asked = (folder, "--language", "en", "--format", "table", "--column", "audio=file")
    result = add(*asked, "--out", tmp_path / "new")
    assert "list.csv:2: phone 'AH1' is not IPA as panphon knows it" in str(result.exception)
    result = add(*asked, "--phones", "arpabet", "--out", tmp_path / "new")
    assert result.exit_code == 0, result.exception
    assert result.stdout.splitlines() == [
        "read as table: one .csv or .tsv with a column 'audio'",
        "left out, goes with nothing: c.flac",
        "copied as they are: 2 recordings",
        f"wrote {tmp_path}/new/manifest.jsonl: 2 stimuli",
    ]
    assert read_stimuli(tmp_path / "new")[0].phones == ("w", "ʌ", "n")
    result = add(*asked, "--phones", "ipa", "--column", "phones=phones")
    assert "is not IPA" in str(result.exception)
    result = add(*asked, "--phones", "sampa")
    assert "unknown phones 'sampa'. Did you mean" in str(result.exception) or isinstance(
        result.exception, UnknownName
    )


def test_ipa_is_taken_as_it_is(folder: Path) -> None:
    (folder / "manifest.jsonl").unlink()
    (folder / "list.csv").write_text("audio,transcript,phones\na.flac,one,w ʌ n\n")
    assert add(folder, "--language", "en").exit_code == 0
    assert read_stimuli(folder)[0].phones == ("w", "ʌ", "n")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("--column", "audio"), r"--column 'audio': needed FIELD=COLUMN, as in transcript=sent"),
        (("--column", "adio=x"), r"unknown field 'adio'. Did you mean 'audio'"),
        (("--column", "audio=x", "--column", "audio=y"), r"--column gives 'audio' twice: 'x' and"),
        (("--format", "xml"), r"unknown format 'xml'. .*Known: .*mocha.*table"),
        (("--keep-bad",), r"--keep-bad: not for recordings with transcripts. Leave it out"),
        (("--format", "txt", "--smoothing", "20"), r"--smoothing: not for --format txt"),
        (("--format", "mocha", "--rate", "1", "--phones", "arpabet"), r"--rate, --phones: not for"),
        (("--format", "mocha"), r"--format mocha makes a new set: give its folder with --out"),
    ],
)
def test_options_of_add_that_do_not_fit_are_refused(
    arguments: tuple, match: str, folder: Path
) -> None:
    (folder / "manifest.jsonl").unlink()
    before = sorted(folder.rglob("*"))
    result = add(folder, *arguments)
    assert isinstance(result.exception, UserError)
    assert re.search(match, str(result.exception)), result.exception
    assert sorted(folder.rglob("*")) == before


def test_the_formats_command_lists_every_format() -> None:
    rows = rows_of(runner.invoke(app, ["formats"]).output)
    assert rows["textgrid"] == ["a Praat TextGrid beside each recording"]
    assert rows["mocha"] == ["MOCHA-TIMIT, EMA, by --format and --out"]
    assert set(rows) == {"format", *FORMATS, *IMPORTERS}


def test_a_corpus_goes_to_its_importer(folder: Path, tmp_path: Path, monkeypatch) -> None:
    asked = {}

    def imported(*arguments, **options) -> Imported:
        asked.update(options, arguments=arguments)
        options["progress"]("reading", 1, 1)
        return Imported(
            manifest=tmp_path / "new" / "manifest.jsonl",
            corpus="A corpus",
            stimuli=3,
            smoothing=None,
            flesh=(),
            left_out={"x": "no transcript"},
            bad_channels={"fsew0": {"TB.y": "is known to be bad"}},
        )

    monkeypatch.setattr("grounding.stimuli.importers.import_corpus", imported)
    result = add(
        *(folder, "--format", "mocha", "--out", tmp_path / "new", "--speakers", "fsew0,msak0"),
        *("--smoothing", "25", "--keep-bad", "--gaps", "mask"),
    )
    assert result.stdout.splitlines() == [
        "read as A corpus",
        "left out, x: no transcript",
        "left out, channel TB.y of fsew0: is known to be bad",
        f"wrote {tmp_path}/new/manifest.jsonl: 3 stimuli; more in import.json",
    ], result.exception
    assert asked.pop("arguments") == ("mocha", folder, tmp_path / "new")
    assert asked.pop("progress")
    assert asked == {
        "language": None,
        "speakers": ["fsew0", "msak0"],
        "smoothing_hz": 25.0,
        "keep_bad": True,
        "gaps": "mask",
    }
