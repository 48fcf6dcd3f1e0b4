"""An older manifest is brought up, and kept. The older version here is made up: there is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grounding.commands.stimuli import app
from grounding.stimuli import ManifestError, read_stimuli, validate, versions, write_manifest
from grounding.stimuli.migrating import migrate
from grounding.stimuli.versions import Migration

MANIFEST = "manifest.jsonl"
runner = CliRunner()


def renamed(record) -> dict:
    """Version 1 of the tests calls the transcript 'text'."""
    return {"transcript" if name == "text" else name: value for name, value in record.items()}


def in_hertz(record) -> dict:
    """Version 2 of the tests gives the rate in kHz."""
    return {**record, "rate": int(record["rate"] * 1000)}


@pytest.fixture
def three_versions(monkeypatch) -> None:
    """Two versions before the one of today."""
    steps = (Migration("'text' is 'transcript'", renamed), Migration("'rate' in Hz", in_hertz))
    monkeypatch.setattr(versions, "MIGRATIONS", steps)


@pytest.fixture
def old(folder: Path, three_versions) -> Path:
    """A set with a line of each of three versions."""
    records = [json.loads(x) for x in (folder / MANIFEST).read_text("utf-8").splitlines()]
    for record in records[:2]:
        record["rate"] = 8
    records[0]["text"] = records[0].pop("transcript")
    records[1]["version"] = 2
    records[2]["version"] = 3
    (folder / MANIFEST).write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    return folder


def test_today_there_is_one_version_and_nothing_to_do(folder: Path) -> None:
    assert versions.newest() == 1
    before = (folder / MANIFEST).read_bytes()
    result = runner.invoke(app, ["migrate", str(folder)])
    assert result.stdout == "all 3 lines are of version 1, the newest: nothing to do\n"
    assert (folder / MANIFEST).read_bytes() == before
    assert "version" not in before.decode()


def test_an_older_manifest_is_refused_and_says_what_to_do(old: Path) -> None:
    first, second = validate(old)
    assert (first.line, second.line) == (1, 2)
    assert "is of version 1 of the manifest; needed version 3. Bring the manifest up with" in str(
        first
    )
    with pytest.raises(ManifestError, match=r"'grounding stimuli migrate'"):
        read_stimuli(old)


def test_an_older_manifest_is_brought_up_and_kept(old: Path) -> None:
    before = (old / MANIFEST).read_bytes()
    result = runner.invoke(app, ["migrate", str(old)])
    assert result.stdout == (
        "brought 2 of 3 lines up to version 3\n"
        f"kept the manifest as it was: {old}/manifest.v1.jsonl\n"
    )
    assert (old / "manifest.v1.jsonl").read_bytes() == before
    assert validate(old) == []
    stimuli = read_stimuli(old)
    assert stimuli.transcripts == ("one", "two", "two")
    assert {s.rate for s in stimuli} == {8000}
    assert migrate(old).changed == 0


def test_what_is_written_says_its_version(old: Path) -> None:
    migrate(old)
    write_manifest(old, read_stimuli(old), overwrite=True)
    lines = (old / MANIFEST).read_text("utf-8").splitlines()
    assert {json.loads(line)["version"] for line in lines} == {3}
    assert validate(old) == []


def test_nothing_is_overwritten(old: Path) -> None:
    (old / "manifest.v1.jsonl").write_text("mine")
    before = (old / MANIFEST).read_bytes()
    with pytest.raises(ManifestError, match=r"manifest.v1.jsonl exists and is not overwritten"):
        migrate(old)
    assert (old / MANIFEST).read_bytes() == before
    assert (old / "manifest.v1.jsonl").read_text() == "mine"


def test_every_line_that_cannot_be_brought_up_is_named(old: Path) -> None:
    with (old / MANIFEST).open("a", encoding="utf-8") as file:
        file.write('{"id": "d", "version": 2, "rate": 0}\n[]\n{"version": 9}\n{"version": "1"}\n')
    before = {path: path.read_bytes() for path in old.iterdir()}
    with pytest.raises(ManifestError, match=r"nothing was written, because\n") as caught:
        migrate(old)
    message = str(caught.value)
    for part in (
        "manifest.jsonl:4: field 'transcript' is missing; needed what is said",
        "manifest.jsonl:5: the line holds a list; needed a JSON object",
        "manifest.jsonl:6: the line is of version 9 of the manifest, and version 3 is the newest",
        "manifest.jsonl:7: field 'version' is \"1\"; needed a whole number from 1 to 3",
    ):
        assert part in message, message
    assert {path: path.read_bytes() for path in old.iterdir()} == before


def test_a_step_that_a_line_does_not_fit_is_named(old: Path) -> None:
    with (old / MANIFEST).open("a", encoding="utf-8") as file:
        file.write('{"id": "d", "version": 2, "rate": null}\n')
    with pytest.raises(ManifestError, match=r":4: cannot be brought up from version 2 \('rate' in"):
        migrate(old)


def test_a_folder_without_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=rf"has no {MANIFEST}"):
        migrate(tmp_path)
