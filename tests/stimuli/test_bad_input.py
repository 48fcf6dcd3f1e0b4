"""Every fault is named with its file and line, at once, and nothing crashes."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from grounding.commands.stimuli import app
from grounding.stimuli import AudioError, ManifestError, read_stimuli, validate
from grounding.stimuli.files import sizer

SCRIPT = Path(__file__).parent / "broken_sets.py"
MADE = runpy.run_path(str(SCRIPT))
BROKEN, fields, edited, recording = (
    MADE[name] for name in ("BROKEN", "fields", "edited", "recording")
)
MANIFEST = "manifest.jsonl"
OPENED = [name for name, broken in BROKEN.items() if broken.opened]
SOUND = [name for name in BROKEN if name.startswith("sound: ")]
runner = CliRunner()


@pytest.fixture(params=BROKEN)
def broken(request, tmp_path):
    """A broken set, what must be said of it, and its folder."""
    MADE["write_broken"](request.param, tmp_path / "set")
    return BROKEN[request.param], tmp_path / "set"


def place(broken, folder: Path) -> str:
    file = folder / broken.place if broken.place else folder
    return f"{file}: " if broken.line is None else f"{file}:{broken.line}: "


def test_there_are_enough_broken_sets() -> None:
    assert len(BROKEN) >= 40
    assert len(OPENED) >= 20


def test_a_fault_is_named_with_its_place(broken) -> None:
    wrong, folder = broken
    found = [str(fault) for fault in validate(folder)]
    assert found[0].startswith(place(wrong, folder)), found[0]
    assert re.search(wrong.says, found[0]), found[0]
    assert found[0].isprintable()
    with pytest.raises(ManifestError, match=wrong.says) as caught:
        read_stimuli(folder, check_articulation=True)
    assert str(caught.value).startswith(found[0])


def test_the_command_names_the_fault_and_never_crashes(broken) -> None:
    wrong, folder = broken
    result = runner.invoke(app, ["validate", "--audio", str(folder)])
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    (first, *_) = result.stdout.splitlines()
    assert first.startswith(place(wrong, folder))
    assert re.search(wrong.says, first)
    quick = runner.invoke(app, ["validate", str(folder)])
    if wrong.opened:
        assert (quick.exit_code, quick.stdout.count("\n")) == (0, 1), quick.stdout
    else:
        assert (quick.exit_code, quick.stdout) == (2, result.stdout)


@pytest.mark.parametrize("name", SOUND)
def test_a_bad_recording_is_the_only_fault(name: str, tmp_path: Path) -> None:
    MADE["write_broken"](name, tmp_path / "set")
    (fault,) = validate(tmp_path / "set")
    assert fault.of_audio
    with pytest.raises(AudioError, match=BROKEN[name].says) as caught:
        read_stimuli(tmp_path / "set")
    assert str(caught.value) == str(fault)


def test_the_script_writes_them_all(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "out"], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == len(BROKEN)
    folders = sorted(path for path in (tmp_path / "out").iterdir() if path.name.isdigit())
    assert len(folders) == len(BROKEN)
    assert all(validate(folder) for folder in folders)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The set that all broken ones are made of."""
    MADE["write_whole_set"](tmp_path / "set")
    return tmp_path / "set"


def test_the_set_is_whole_before_it_is_broken(whole: Path) -> None:
    assert validate(whole) == []
    assert validate(whole, audio=False, articulation=False) == []
    assert len(read_stimuli(whole, check_articulation=True)) == 3


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.ogg"])
def test_the_same_files_unspoilt_are_read(name: str, whole: Path) -> None:
    edited(name, lambda data: data)(whole)
    assert len(read_stimuli(whole)[1].audio) == 2000


@pytest.mark.parametrize("pages", [1, 3])
def test_an_ogg_that_ends_between_pages_is_cut_off(pages: int, whole: Path) -> None:
    rng = np.random.default_rng(5)
    recording("x.ogg", 0.3 * rng.uniform(-1, 1, size=60_000))(whole)
    data = (whole / "x.ogg").read_bytes()
    starts = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    (whole / "x.ogg").write_bytes(data[: starts[-pages]])
    with pytest.raises(AudioError, match=r"is cut off: its last Ogg page is not marked"):
        read_stimuli(whole, check_audio=False)


def test_a_set_is_read_with_headers_checked_though_nothing_is_decoded(whole: Path) -> None:
    BROKEN["sound: half a FLAC"].spoil(whole)
    stimuli = read_stimuli(whole, check_audio=False)
    with pytest.raises(AudioError, match=r"manifest.jsonl:2: audio 'x.flac': is cut off"):
        _ = stimuli[1].audio
    BROKEN["sound: stereo"].spoil(whole)
    with pytest.raises(AudioError, match=r"has 2 channels"):
        read_stimuli(whole, check_audio=False)


def refuse(path: Path, *_: object) -> None:
    raise PermissionError(13, "Permission denied", str(path))


def test_an_unreadable_manifest_is_named(whole: Path, monkeypatch) -> None:
    monkeypatch.setattr(Path, "open", refuse)
    (fault,) = validate(whole)
    assert str(fault) == f"{whole / MANIFEST}: cannot be read: Permission denied. Make it readable."


def test_an_unreadable_recording_is_named(whole: Path, monkeypatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", refuse)
    faults = validate(whole)
    assert [fault.line for fault in faults] == [1, 1, 2, 3]
    assert all("cannot be read: Permission denied" in str(fault) for fault in faults)


def test_a_file_that_cannot_be_looked_at_is_named(whole: Path, monkeypatch) -> None:
    monkeypatch.setattr("grounding.stimuli.files.os.lstat", refuse)
    monkeypatch.setattr("grounding.stimuli.files.inside", lambda folder, name: folder / "none")
    with pytest.raises(ManifestError, match=r"cannot be read: No such file"):
        sizer(whole)("b.flac")


def test_a_link_inside_the_folder_is_followed(whole: Path) -> None:
    (whole / "b.flac").rename(whole / "real.flac")
    (whole / "b.flac").symlink_to("real.flac")
    assert len(read_stimuli(whole)) == 3
    assert validate(whole, audio=False, articulation=False) == []


def test_a_folder_behind_a_link_is_read(whole: Path) -> None:
    (whole.parent / "link").symlink_to(whole)
    assert len(read_stimuli(whole.parent / "link")) == 3
    assert validate(whole.parent / "link", audio=False, articulation=False) == []


def test_all_faults_come_at_once_in_the_order_of_lines(whole: Path) -> None:
    fields(1, rate="x", language="xx")(whole)
    fields(2, id="a", audio="z.flac")(whole)
    fields(3, audio="z.flac")(whole)
    found = [(fault.line, str(fault)) for fault in validate(whole)]
    assert [line for line, _ in found] == [1, 1, 2, 3]
    with pytest.raises(
        ManifestError, match=r"'language'.* \(3 more faults: 'grounding stimuli validate --audio"
    ):
        read_stimuli(whole)


def test_lines_of_version_1_may_say_so(whole: Path) -> None:
    digest = read_stimuli(whole).digest
    fields(1, version=1)(whole)
    assert validate(whole) == []
    assert read_stimuli(whole).digest == digest


def test_validate_wants_a_folder_with_a_manifest(whole: Path) -> None:
    assert "does not exist; needed a folder" in str(validate(whole / "none")[0])
    assert "is a file; needed a folder" in str(validate(whole / "a.flac")[0])
    (whole / MANIFEST).unlink()
    assert f"set: has no {MANIFEST}. 'grounding stimuli add' makes" in str(validate(whole)[0])


def test_a_recording_is_decoded_in_the_thorough_check_alone(whole: Path, monkeypatch) -> None:
    opened = []
    monkeypatch.setattr(soundfile, "SoundFile", lambda *a, **k: opened.append(a) or 1 / 0)
    assert validate(whole, audio=False, articulation=False) == []
    assert opened == []
    with pytest.raises(ZeroDivisionError):
        validate(whole)
