"""A folder of recordings becomes a set, and nothing is invented or overwritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from grounding.stimuli import ManifestError, read_stimuli, resample, validate
from grounding.stimuli.adding import add_recordings
from grounding.stimuli.audio import mix_down


@pytest.fixture
def recordings(tmp_path: Path, tone: np.ndarray) -> Path:
    """Three recordings with transcripts, one of them in a folder of its own."""
    (tmp_path / "more").mkdir()
    for name, text in (
        ("one.wav", "one\n"),
        ("2 two.flac", " e\u0301te\u0301 \r\n"),
        ("more/three.ogg", "three"),
    ):
        soundfile.write(tmp_path / name, tone, 8000)
        (tmp_path / name).with_suffix(".txt").write_bytes(text.encode())
    return tmp_path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_recordings_become_a_set(recordings: Path) -> None:
    (recordings / "README.txt").write_text("about")
    (recordings / ".hidden.wav").write_bytes(b"x")
    added = add_recordings(recordings, language="en", speaker="Ann")
    assert added.stimuli == 3
    assert (added.without_transcript, added.converted) == ((), ())
    assert added.unused == ("README.txt",)
    stimuli = read_stimuli(recordings)
    assert stimuli.ids == ("2-two", "more-three", "one")
    assert stimuli.transcripts == ("été", "three", "one")
    assert {s.rate for s in stimuli} == {8000}
    assert {s.samples for s in stimuli} == {2000}
    assert stimuli[2].sha256 == stimuli[2].audio_digest
    assert {s.speaker for s in stimuli} == {"Ann"}
    assert {tuple(s.record()) for s in stimuli} == {
        ("id", "transcript", "language", "audio", "rate", "samples", "sha256", "speaker")
    }


def test_nothing_is_overwritten(recordings: Path) -> None:
    add_recordings(recordings, language="en")
    before = snapshot(recordings)
    with pytest.raises(ManifestError, match=r"manifest.jsonl exists and is not overwritten"):
        add_recordings(recordings, language="en")
    assert snapshot(recordings) == before


def test_all_that_stands_in_the_way_is_listed_and_nothing_is_written(
    recordings: Path, tone: np.ndarray
) -> None:
    soundfile.write(recordings / "two.wav", np.stack([tone, tone], axis=1), 8000)
    (recordings / "two.txt").write_text("two")
    soundfile.write(recordings / "four.wav", tone, 8000)
    (recordings / "one.txt").write_text("one\ntwo")
    (recordings / "more/three.txt").write_bytes(b"\xff")
    soundfile.write(recordings / "2:two.wav", tone, 8000)
    (recordings / "2:two.txt").write_text("")
    soundfile.write(recordings / "2-two.wav", tone, 8000)
    (recordings / "2-two.txt").write_text("two")
    soundfile.write(recordings / "Ж.wav", tone, 8000)
    (recordings / "Ж.txt").write_text("ж", encoding="utf-8")
    soundfile.write(recordings / "a\\b.wav", tone, 8000)
    (recordings / "a\\b.txt").write_text("x")
    (recordings / "five.wav").write_bytes(b"RIFF")
    (recordings / "five.txt").symlink_to(recordings.parent / "elsewhere")
    (recordings.parent / "elsewhere").write_text("five")
    before = snapshot(recordings)
    with pytest.raises(ManifestError, match=r"nothing was written, because\n") as caught:
        add_recordings(recordings, language="en")
    message = str(caught.value)
    for part in (
        "two.wav: has 2 channels; needed one. Export one channel, or add --mix-down",
        "four.wav: no transcript 'four.txt' beside it",
        "one.wav: transcript 'one.txt' holds 'one\\ntwo'; needed one line",
        "more/three.ogg: transcript 'more/three.txt' is not UTF-8",
        "2:two.wav: transcript '2:two.txt' is empty",
        "2-two.wav: would have the id of 2 two.flac. Rename one",
        "Ж.wav: its name has no letter a-z",
        "a\\b.wav: needed the path of a .flac",
        "five.wav: transcript 'five.txt': leads out of",
        "leave out what has no transcript with --skip-untranscribed",
    ):
        assert part in message, message
    assert snapshot(recordings) == before


def test_recordings_without_transcript_are_left_out_on_request(
    recordings: Path, tone: np.ndarray
) -> None:
    soundfile.write(recordings / "four.wav", tone, 8000)
    added = add_recordings(recordings, language="en", skip_untranscribed=True)
    assert added.without_transcript == ("four.wav",)
    assert added.stimuli == len(read_stimuli(recordings)) == 3


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"language": "english"}, "language 'english': needed a two-letter"),
        ({"language": None}, "the data name no language; needed a two-letter .*Add --language"),
        ({"language": "en", "speaker": " "}, "speaker ' ': needed who speaks"),
        ({"language": "en", "rate": 0}, "rate 0: needed a whole number of Hz"),
    ],
)
def test_arguments_are_checked(arguments: dict, match: str, recordings: Path) -> None:
    with pytest.raises(ManifestError, match=match):
        add_recordings(recordings, **arguments)


def test_a_folder_without_recordings_is_refused(tmp_path: Path, tone: np.ndarray) -> None:
    with pytest.raises(ManifestError, match=r"is no folder. Give the folder of the recordings"):
        add_recordings(tmp_path / "none", language="en")
    with pytest.raises(ManifestError, match=r"no recording; needed files that end in .flac"):
        add_recordings(tmp_path, language="en")
    soundfile.write(tmp_path / "x.wav", tone, 8000)
    with pytest.raises(ManifestError, match=r"no recording has a transcript"):
        add_recordings(tmp_path, language="en", skip_untranscribed=True)


def test_copies_are_mixed_down_and_resampled_on_request(recordings: Path) -> None:
    rng = np.random.default_rng(4)
    stereo = rng.uniform(-0.9, 0.9, size=(4410, 2)).astype(np.float32)
    soundfile.write(recordings / "two.wav", stereo, 44100, subtype="FLOAT")
    (recordings / "two.txt").write_text("two")
    before = snapshot(recordings)
    added = add_recordings(recordings, language="en", rate=8000, mix=True)
    assert added.converted == ("two.wav",)
    assert validate(recordings) == []
    two = read_stimuli(recordings).select(["two"])[0]
    assert (two.audio_path, two.rate, two.samples) == ("converted/two.wav", 8000, 800)
    assert two.attributes == {
        "converted_from": "two.wav",
        "mixed_down_from_channels": 2,
        "resampled_from_hz": 44100,
    }
    np.testing.assert_array_equal(two.audio, resample(mix_down(stereo), 44100, 8000))
    after = snapshot(recordings)
    assert {path: after[path] for path in before} == before


def test_copies_are_the_same_bytes_every_time(recordings: Path, monkeypatch) -> None:
    first = add_recordings(recordings, language="en", rate=16000)
    assert len(first.converted) == 3
    digest = read_stimuli(recordings).digest
    for path in (*(recordings / "converted").iterdir(), first.manifest):
        path.unlink()
    (recordings / "converted").rmdir()
    add_recordings(recordings, language="en", rate=16000)
    assert read_stimuli(recordings).digest == digest


def test_a_failure_leaves_no_copies(recordings: Path, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    before = snapshot(recordings)
    monkeypatch.setattr("grounding.stimuli.staging.write_manifest", fail)
    with pytest.raises(OSError, match="disk full"):
        add_recordings(recordings, language="en", rate=16000)
    assert snapshot(recordings) == before
    assert not (recordings / "converted").exists()
