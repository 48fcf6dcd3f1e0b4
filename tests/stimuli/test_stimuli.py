"""A set is what its folder holds: in order, hashed, and nothing added."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import grounding.stimuli.sets as sets
from grounding.errors import StimulusMismatch, UnknownName
from grounding.stimuli import (
    AudioError,
    ManifestError,
    Stimulus,
    StimulusSet,
    read_stimuli,
    shipped_sets,
    validate,
    write_articulation,
    write_manifest,
)

MANIFEST = "manifest.jsonl"


def test_a_set_holds_what_the_manifest_says(folder: Path, tone: np.ndarray) -> None:
    stimuli = read_stimuli(folder)
    assert len(stimuli) == 3
    assert stimuli.ids == ("a", "b", "c")
    assert stimuli.transcripts == ("one", "two", "two")
    assert (stimuli.name, stimuli.folder) == ("set", folder)
    first = stimuli[0]
    assert (first.language, first.speaker, first.concept) == ("en", "Ann", "1")
    assert first.phones == ("w", "ʌ", "n")
    assert first.realisation == {"name": "fast", "rate": 1.25}
    assert first.intelligibility["correct"] is True
    assert first.marks == ("clear",)
    assert first.attributes["families"] == ("one", "won")
    assert first.duration == 0.25
    assert first.articulation.frames == 25
    second = stimuli[1]
    assert (second.phones, second.speaker, second.realisation) == (None, None, {})
    assert second.duration == 0.25
    assert first.audio.dtype == np.float32
    assert first.audio.shape == (2000,)
    np.testing.assert_allclose(first.audio, tone, atol=2**-15)


def test_validate_finds_nothing_in_a_whole_set(folder: Path) -> None:
    assert validate(folder) == []
    assert validate(folder, audio=False, articulation=False) == []


def test_audio_equals_what_soundfile_reads(folder: Path) -> None:
    rng = np.random.default_rng(3)
    for name, subtype in (("b.wav", "PCM_24"), ("b.flac", "PCM_16"), ("b.ogg", "VORBIS")):
        soundfile.write(folder / name, rng.uniform(-1, 1, size=300_000), 8000, subtype=subtype)
        record = {"id": "x", "transcript": "x", "language": "en", "audio": name, "rate": 8000}
        expected, _ = soundfile.read(folder / name, dtype="float32")
        np.testing.assert_array_equal(Stimulus.from_record(record, folder).audio, expected)


def test_order_is_that_of_the_lines(folder: Path) -> None:
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines(keepends=True)
    digest = read_stimuli(folder).digest
    (folder / MANIFEST).write_text("".join(reversed(lines)), encoding="utf-8")
    stimuli = read_stimuli(folder)
    assert stimuli.ids == ("c", "b", "a")
    assert stimuli.digest != digest


def test_where_and_select_keep_stimuli_and_digests(folder: Path) -> None:
    stimuli = read_stimuli(folder)
    assert stimuli.where(lambda s: s.transcript == "two").ids == ("b", "c")
    assert stimuli.where(lambda s: True).digest == stimuli.digest
    assert len(stimuli.where(lambda s: False)) == 0
    assert stimuli.select(["c", "a"]).ids == ("c", "a")
    assert stimuli.select(iter(stimuli.ids)).digest == stimuli.digest
    assert stimuli.select(["c", "a"])[0] is stimuli[2]
    assert stimuli[1:].ids == ("b", "c")
    assert stimuli[-1].id == "c"
    assert [s.id for s in stimuli] == ["a", "b", "c"]
    assert repr(stimuli) == "StimulusSet('set', 3 stimuli)"
    with pytest.raises(UnknownName, match=r"unknown stimulus id 'z'. Known: a, b, c"):
        stimuli.select(["a", "z"])
    with pytest.raises(StimulusMismatch, match=r"stimulus id 'a' comes 2 times; needed every id"):
        stimuli.select(["a", "a"])


def test_what_is_written_is_read_back(folder: Path, tmp_path: Path) -> None:
    stimuli = read_stimuli(folder)
    before = (folder / MANIFEST).read_bytes()
    write_manifest(folder, stimuli, overwrite=True)
    assert (folder / MANIFEST).stat().st_mode & 0o777 == 0o644
    again = read_stimuli(folder)
    assert again.digest == stimuli.digest
    assert [s.record() for s in again] == [s.record() for s in stimuli]
    write_manifest(folder, [s.record() for s in stimuli], overwrite=True)
    assert {json.dumps(json.loads(x), sort_keys=True) for x in before.splitlines()} == {
        json.dumps(json.loads(x), sort_keys=True)
        for x in (folder / MANIFEST).read_bytes().splitlines()
    }
    assert sorted(p.name for p in folder.iterdir()) == [
        "a.flac",
        "a.npz",
        "b.flac",
        "c.flac",
        MANIFEST,
    ]


def test_writing_refuses_and_leaves_everything_as_it_was(folder: Path, monkeypatch) -> None:
    stimuli = read_stimuli(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(ManifestError, match=rf"{MANIFEST} exists. Move it away"):
        write_manifest(folder, stimuli)
    with pytest.raises(ManifestError, match=r"there are no stimuli to write"):
        write_manifest(folder, [], overwrite=True)
    with pytest.raises(ManifestError, match=rf"{MANIFEST}:2: id 'a' comes twice"):
        write_manifest(folder, [stimuli[0], stimuli[0]], overwrite=True)
    with pytest.raises(ManifestError, match=rf"{MANIFEST}:1: field 'id' is missing"):
        write_manifest(folder, [{}], overwrite=True)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match=r"disk full"):
        write_manifest(folder, stimuli, overwrite=True)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_digest_survives_a_move(folder: Path, tmp_path: Path) -> None:
    digest = read_stimuli(folder).digest
    moved = shutil.copytree(folder, tmp_path / "elsewhere" / "other-name")
    assert read_stimuli(moved).digest == digest
    (moved / "a.flac").rename(moved / "first.flac")
    (moved / "a.npz").rename(moved / "first.npz")
    text = (moved / MANIFEST).read_text(encoding="utf-8")
    text = text.replace('"a.flac"', '"first.flac"').replace('"a.npz"', '"first.npz"')
    (moved / MANIFEST).write_text(text, encoding="utf-8")
    assert read_stimuli(moved).digest == digest


def test_a_digest_survives_what_is_only_checked(folder: Path, change) -> None:
    stimuli = read_stimuli(folder)
    change(1, sha256=stimuli[0].audio_digest, samples=None)
    assert read_stimuli(folder).digest == stimuli.digest


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "z"},
        {"transcript": "won"},
        {"language": "fr"},
        {"speaker": "Bob"},
        {"speaker": None},
        {"phones": ["w", "ʌ"]},
        {"concept": "2"},
        {"realisation": {"name": "fast", "rate": 1.26}},
        {"intelligibility": {"correct": False}},
        {"marks": ["unclear"]},
        {"attributes": {"category": "number", "families": ["won", "one"]}},
        {"articulation": None},
    ],
)
def test_a_digest_changes_with_every_field(fields: dict, folder: Path, change) -> None:
    digest = read_stimuli(folder).digest
    change(1, **fields)
    assert read_stimuli(folder).digest != digest


def test_a_digest_changes_with_the_sound_and_the_articulation(folder: Path, track, tone) -> None:
    before = read_stimuli(folder)
    soundfile.write(folder / "b.flac", tone * 0.91, 8000)
    sound = read_stimuli(folder)
    assert sound[1].digest != before[1].digest
    assert sound[0].digest == before[0].digest
    assert sound.digest != before.digest
    flesh = type(track["flesh"])(
        "flesh", track["flesh"].values + 1e-3, ("TT.x", "TT.y"), ("mm",) * 2
    )
    write_articulation(folder / "a.npz", type(track)(100.0, {"flesh": flesh}))
    assert read_stimuli(folder)[0].digest != before[0].digest


def test_one_byte_of_audio_makes_another_digest(folder: Path) -> None:
    soundfile.write(folder / "b.wav", np.zeros(100), 8000)
    record = {"id": "b", "transcript": "x", "language": "en", "audio": "b.wav", "rate": 8000}
    before = Stimulus.from_record(record, folder).digest
    data = bytearray((folder / "b.wav").read_bytes())
    data[-2] ^= 1
    (folder / "b.wav").write_bytes(data)
    assert Stimulus.from_record(record, folder).digest != before


def test_a_sound_that_changes_under_a_digest_is_refused(folder: Path, tone) -> None:
    stimuli = read_stimuli(folder, check_audio=False)
    assert len(stimuli.digest) == 64
    soundfile.write(folder / "b.flac", tone * 0.1, 8000)
    shutil.copy(folder / "b.flac", folder / "a.npz")
    with pytest.raises(AudioError, match=r"'b.flac': has changed since it was first read"):
        _ = stimuli[1].audio
    with pytest.raises(ManifestError, match=r"'a.npz': has changed since it was first read"):
        _ = stimuli[0].articulation


def test_stimuli_travel_to_other_processes(folder: Path) -> None:
    stimuli = read_stimuli(folder)
    there = pickle.loads(pickle.dumps(stimuli))
    assert there.digest == stimuli.digest
    assert there[0].record() == stimuli[0].record()
    assert copy.deepcopy(stimuli[0]).digest == stimuli[0].digest


def test_a_stimulus_cannot_be_changed(folder: Path) -> None:
    first = read_stimuli(folder)[0]
    with pytest.raises(AttributeError):
        first.id = "z"
    with pytest.raises(TypeError, match=r"does not support item assignment"):
        first.attributes["category"] = "animal"


def test_a_stimulus_checks_itself(folder: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest.jsonl: field 'rate' is 0; needed"):
        Stimulus("a", "one", "en", folder, "a.flac", 0)
    alone = Stimulus("a", "one", "en", folder, "a.flac", 9000)
    with pytest.raises(AudioError, match=r"manifest.jsonl, stimulus 'a': .*is at 8000 Hz"):
        _ = alone.audio
    with pytest.raises(ManifestError, match=r"stimulus 'a' has no articulation; needed the manif"):
        _ = alone.articulation


def test_a_set_refuses_ids_that_repeat(folder: Path) -> None:
    first = read_stimuli(folder)[0]
    with pytest.raises(StimulusMismatch, match=r"'a' comes 2 times"):
        StimulusSet((first, first), "x", folder)


def _ship(place: Path, name: str, folder: Path) -> Path:
    return shutil.copytree(folder, place / name)


def test_shipped_sets_are_found_in_a_checkout_and_in_a_wheel(
    folder: Path, tmp_path: Path, monkeypatch
) -> None:
    wheel, checkout = tmp_path / "wheel", tmp_path / "checkout"
    in_wheel = _ship(wheel, "some-words", folder)
    in_checkout = _ship(checkout, "other-words", folder)
    monkeypatch.setattr(sets, "PLACES", (wheel, checkout))
    assert shipped_sets() == {"other-words": in_checkout, "some-words": in_wheel}
    assert read_stimuli("some-words").name == "some-words"
    with pytest.raises(
        UnknownName, match=r"unknown stimulus set 'some-word'. Did you mean 'some-words'.*no folder"
    ):
        read_stimuli("some-word")
    with pytest.raises(ManifestError, match=r"nowhere does not exist. Give a shipped set's name"):
        read_stimuli(tmp_path / "nowhere")
    with pytest.raises(ManifestError, match=r"nowhere does not exist. .*other-words, some-words"):
        read_stimuli(str(tmp_path / "nowhere"))
    with pytest.raises(UnknownName, match=r"unknown stimulus set ''"):
        read_stimuli("")


def test_a_shipped_name_comes_before_a_folder(folder: Path, tmp_path: Path, monkeypatch) -> None:
    shipped = _ship(tmp_path / "wheel", "set", folder)
    monkeypatch.setattr(sets, "PLACES", (tmp_path / "wheel",))
    monkeypatch.chdir(folder.parent)
    assert read_stimuli("set").folder == shipped
    assert read_stimuli("./set").folder == Path("set")


def test_what_is_no_folder_is_named(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(sets, "PLACES", ())
    with pytest.raises(ManifestError, match=r"'words' is no folder, and no stimulus set is"):
        read_stimuli("words")
    with pytest.raises(ManifestError, match=r"manifest.jsonl is a file; needed the folder"):
        read_stimuli(folder / MANIFEST)
    with pytest.raises(ManifestError, match=r"cannot be a folder's path"):
        read_stimuli("x" * 5000)
    with pytest.raises(ManifestError, match=r"is no folder"):
        read_stimuli("a\0b")


def test_every_shipped_set_is_whole() -> None:
    for name, folder in shipped_sets().items():
        assert validate(folder) == [], name


def test_importing_stimuli_loads_nothing_heavy() -> None:
    code = (
        "import grounding.stimuli, sys; "
        "print([m for m in ('torch', 'transformers', 'matplotlib', 'rsatoolbox', 'typer', "
        "'grounding.rsa', 'grounding.spaces', 'grounding.encoders') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
