"""The schema says what the reader does, as far as JSON Schema can say it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from grounding.commands.stimuli import app
from grounding.stimuli import read_stimuli, shipped_sets, versions
from grounding.stimuli.fields import FIELDS, problems
from grounding.stimuli.manifest import json_lines
from grounding.stimuli.schema import manifest_schema
from grounding.stimuli.versions import Migration

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is in the extra 'test'")

MADE = runpy.run_path(str(Path(__file__).parent / "broken_sets.py"))
WHOLE = {"id": "a", "transcript": "one", "language": "en", "audio": "a.wav", "rate": 8000}
# What JSON Schema cannot say, or its readers take for the same.
LOOSER = {
    "line: rate as a fraction",  # 8000.0 is a whole number
    "line: an id with a line feed",  # $ in Python's patterns lets a last line feed pass
    "line: another Unicode form",
    "line: half a surrogate pair",
    "line: half a pair inside",
    "line: audio with NUL",
    "line: an overflowing float",
    "line: an id that is taken",
}


def accepted(record) -> bool:
    schema = manifest_schema()
    return jsonschema.Draft202012Validator(schema).is_valid(record)


def test_it_is_a_schema_of_every_field() -> None:
    schema = manifest_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == {"version", *FIELDS}
    assert set(schema["required"]) == {name for name, field in FIELDS.items() if field.required}
    for name, field in FIELDS.items():
        assert schema["properties"][name]["description"] == field.needed


def test_the_command_prints_it() -> None:
    result = CliRunner().invoke(app, ["schema"])
    assert json.loads(result.stdout) == manifest_schema()
    assert manifest_schema()["$id"].endswith(f":{versions.newest()}")


@pytest.mark.parametrize("name", shipped_sets())
def test_it_accepts_the_shipped_manifests(name: str) -> None:
    stimuli = read_stimuli(name, check_audio=False)
    for stimulus in stimuli[:: max(1, len(stimuli) // 50)]:
        assert accepted(stimulus.record())


def test_it_refuses_what_the_reader_refuses(tmp_path: Path) -> None:
    lines = {name for name in MADE["BROKEN"] if name.startswith("line: ")}
    refused = set()
    for number, name in enumerate(lines):
        folder = tmp_path / str(number)
        MADE["write_broken"](name, folder)
        record = list(json_lines(folder))[1].record
        if record is None or not accepted(record):
            refused.add(name)
    assert lines - refused == LOOSER
    assert not accepted(WHOLE | {"version": 2})
    assert accepted(WHOLE | {"version": 1})


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**54) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
paths = st.lists(st.sampled_from(["a", "..", ".", "", "b c", "C:", "\\", "ä"]), max_size=4).map(
    "/".join
)
likely = st.sampled_from(["a", "en", "a.wav", "a.NPZ", "0" * 64, " a", "a ", 1, [], ["a"], {}])


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(list(FIELDS)), value=values | likely | paths.map(lambda p: p + ".wav"))
def test_it_accepts_whatever_the_reader_accepts(name: str, value) -> None:
    record = WHOLE | {name: value}
    if not problems(record):
        assert accepted(record), record


def test_a_newer_version_is_asked_for(monkeypatch) -> None:
    monkeypatch.setattr(versions, "MIGRATIONS", (Migration("no change", dict),))
    assert not accepted(WHOLE)
    assert accepted(WHOLE | {"version": 2})
    assert manifest_schema()["required"][0] == "version"
