"""`grounding stimuli` says what is there and what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import grounding.stimuli.sets as sets
from grounding.commands.stimuli import app
from grounding.errors import StimulusMismatch, UnknownName
from grounding.stimuli import ManifestError, Stream, read_stimuli, write_articulation
from grounding.stimuli.description import describe

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
    assert (about.phones, about.with_phones) == (3, 1)
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


def test_the_describe_command_prints_plain_lines(folder: Path) -> None:
    result = runner.invoke(app, ["describe", str(folder)])
    assert result.exit_code == 0
    lines = dict(line.split("\t") for line in result.output.splitlines())
    assert lines["stimuli"] == "3"
    assert lines["stimuli a transcript"] == "1 to 2, median 1.5"
    assert lines["speakers"] == "Ann 1"
    assert lines["flesh"] == "2 channels, mm, in 1 stimuli"
    assert lines["digest"] == read_stimuli(folder).digest


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
    result = runner.invoke(app, ["validate", str(folder)])
    assert (result.exit_code, result.stdout) == (0, "no faults in 3 stimuli\n")
    change(2, rate=9000)
    change(3, language="xx")
    result = runner.invoke(app, ["validate", str(folder)])
    assert result.exit_code == 2
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{folder}/manifest.jsonl:2: audio 'b.flac': is at 8000 Hz")
    assert second.startswith(f"{folder}/manifest.jsonl:3: field 'language' is \"xx\"")
    assert result.stderr == f"2 faults in {folder}\n"


def test_the_validate_command_decodes_unless_told_not_to(folder: Path) -> None:
    data = (folder / "b.flac").read_bytes()
    (folder / "b.flac").write_bytes(data[:-9])
    assert runner.invoke(app, ["validate", str(folder)]).exit_code == 2
    assert runner.invoke(app, ["validate", "--no-audio", str(folder)]).exit_code == 0


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
        "left out, no transcript: b.flac",
        "converted copy made: a.flac",
        f"wrote {folder}/manifest.jsonl: 1 stimuli",
    ]
    assert read_stimuli(folder)[0].rate == 16000
    assert runner.invoke(app, ["add", str(folder)]).exit_code == 2
