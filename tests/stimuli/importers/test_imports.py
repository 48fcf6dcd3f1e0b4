"""Every corpus of the table becomes a set, with every position where it was and when it was."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from grounding.errors import ManifestError, UnknownName, UserError
from grounding.spaces import space
from grounding.spaces.phones import phone_distances
from grounding.stimuli import Stimulus, read_stimuli, validate
from grounding.stimuli.importers import IMPORTERS, import_corpus

FORMATS = tuple(IMPORTERS)


@pytest.fixture
def made(corpora: ModuleType, tmp_path: Path):
    """Write a corpus and return its folder and that of a set to be."""

    def make(name: str, **changes) -> tuple[Path, Path]:
        folder = tmp_path / name
        corpora.MAKERS[name](folder, **changes)
        return folder, tmp_path / f"{name}-set"

    return make


def times_of(stimulus: Stimulus) -> np.ndarray:
    """Return the times of the frames on the clock of the corpus's recording."""
    part = stimulus.attributes.get("part_of_recording_s", (0.0, 0.0))
    track = stimulus.articulation
    starts = part[0] + stimulus.attributes["movement_starts_s"]
    return starts + np.arange(track.frames) / track.rate


def test_every_corpus_of_the_table_is_written_here(corpora: ModuleType) -> None:
    assert tuple(corpora.MAKERS) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_a_corpus_becomes_a_set_that_can_be_scored(name: str, made) -> None:
    folder, out = made(name)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = import_corpus(name, folder, out)
    assert validate(out) == []
    stimuli = read_stimuli(out)
    assert len(stimuli) == done.stimuli >= 3
    assert done.left_out == {}
    assert {s.transcript.strip(".").split()[-1].lower() for s in stimuli} == {"cut", "cat", "kit"}
    assert {s.language for s in stimuli} == {"en"}
    assert {s.speaker for s in stimuli} <= set(IMPORTERS[name].speakers or ["JW11"])
    for stimulus in stimuli:
        track = stimulus.articulation
        assert track.rate == pytest.approx(IMPORTERS[name].rate)
        assert track["flesh"].channels == done.flesh
        assert set(track["ema"].channels) <= set(IMPORTERS[name].channels)
        assert {*track["ema"].units, *track["flesh"].units} == {"mm"}
        columns = [track["ema"].channels.index(channel) for channel in done.flesh]
        np.testing.assert_array_equal(track["ema"].values[:, columns], track["flesh"].values)
        assert abs(track.duration - stimulus.duration) <= 0.1
        assert all((folder / path).is_file() for path in stimulus.attributes["files"])
    rdm = space("articulation", stimuli).rdm()
    assert np.isfinite(rdm.values).all()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", FORMATS)
def test_every_position_is_where_it_was_in_mm_and_when_it_was_in_seconds(
    name: str, made, corpora: ModuleType
) -> None:
    folder, out = made(name)
    import_corpus(name, folder, out, smoothing_hz=0, keep_bad=True)
    stimuli = read_stimuli(out)
    assert len(stimuli) >= 3
    for stimulus in stimuli:
        stream = stimulus.articulation["ema"]
        assert set(stream.channels) == set(IMPORTERS[name].channels)
        times = times_of(stimulus)
        events = [corpora.EVENT + corpora.SECONDS * k for k in range(3 if "usc" in name else 1)]
        for channel, values in zip(stream.channels, stream.values.T, strict=True):
            # Half a thousandth of a mm: the microbeam's own step.
            np.testing.assert_allclose(
                values, corpora.position(channel, times, events), atol=6e-4, err_msg=channel
            )
        assert stimulus.attributes["smoothing"] is None


@pytest.mark.parametrize("name", FORMATS)
def test_sound_and_movement_stay_together_to_a_frame(name: str, made) -> None:
    folder, out = made(name)
    import_corpus(name, folder, out, smoothing_hz=0, keep_bad=True)
    for stimulus in read_stimuli(out):
        assert apart(stimulus) <= 1 / stimulus.articulation.rate + 1e-9


def apart(stimulus: Stimulus) -> float:
    """Return how far the click and the lip's dip are from each other, s."""
    stream = stimulus.articulation["ema"]
    lip = stream.values[:, stream.channels.index("LL.y")]
    frame = int(np.argmin(lip))
    dip = frame / stimulus.articulation.rate
    return abs(dip - int(np.argmax(np.abs(stimulus.audio))) / stimulus.rate)


@pytest.mark.parametrize(("start", "cut"), [(0.002, False), (0.1, True)])
def test_movement_that_begins_late_takes_the_sound_along(
    start: float, cut: bool, made, corpora: ModuleType
) -> None:
    folder, out = made("mocha", start=start, speakers=("fsew0",))
    done = import_corpus("mocha", folder, out, smoothing_hz=0, keep_bad=True)
    assert len(done.cut) == (3 if cut else 0)
    for stimulus in read_stimuli(out):
        assert apart(stimulus) <= 1 / 500 + 1e-9
        times = times_of(stimulus)
        assert times[0] == pytest.approx(start, abs=1e-6)
        values = stimulus.articulation["ema"].values
        np.testing.assert_allclose(values[:, 0], corpora.position("UL.x", times), atol=1e-3)


def test_a_shift_of_two_frames_would_be_seen(made, corpora: ModuleType) -> None:
    """The control of the two tests above: the same corpus with movement declared 4 ms later."""
    folder, out = made("mocha", speakers=("fsew0",))
    for path in folder.rglob("*.ema"):
        head, end, body = path.read_bytes().partition(b"EST_Header_End\n")
        rows = np.frombuffer(body, "<f4").reshape(-1, 22).copy()
        rows[:, 2:] = np.roll(rows[:, 2:], 2, axis=0)
        path.write_bytes(head + end + rows.tobytes())
    import_corpus("mocha", folder, out, smoothing_hz=0, keep_bad=True)
    assert all(apart(stimulus) > 1.5 / 500 for stimulus in read_stimuli(out))


@pytest.mark.parametrize("name", FORMATS)
def test_another_corpus_is_recognised_as_another(name: str, made, tmp_path: Path) -> None:
    folder, out = made(name)
    other = FORMATS[(FORMATS.index(name) + 1) % len(FORMATS)]
    with pytest.raises(ManifestError, match=rf"holds no file of movement .* looks like '{name}'"):
        import_corpus(other, folder, out)
    assert not out.exists()


def test_a_folder_of_no_corpus_is_told_to_unpack(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/audios.zip").write_bytes(b"PK")
    with pytest.raises(ManifestError, match=r"holds no file of movement .* Unpack its archives"):
        import_corpus("spire-ema", tmp_path / "corpus", tmp_path / "out")


def test_channels_known_to_be_bad_are_left_out_by_name(made) -> None:
    folder, out = made("mocha")
    done = import_corpus("mocha", folder, out)
    assert {speaker: sorted(found) for speaker, found in done.bad_channels.items()} == {
        speaker: ["JAW.x", "TB.y", "UL.x", "UL.y"] for speaker in ("fsew0", "msak0")
    }
    assert "found unusable by others" in done.bad_channels["fsew0"]["TB.y"]
    assert done.flesh == ("LL.x", "LL.y", "JAW.y", "TT.x", "TT.y", "TB.x", "TD.x", "TD.y")
    assert not done.kept_bad
    assert read_stimuli(out)[0].articulation["ema"].channels == (*done.flesh, "V.x", "V.y")


def test_the_stream_of_flesh_points_is_what_all_speakers_have(made) -> None:
    folder, out = made("mocha", speakers=("fsew0", "falh0"))
    done = import_corpus("mocha", folder, out)
    assert done.flesh == ("LL.x", "LL.y", "JAW.y", "TT.x", "TT.y", "TB.x")
    by_speaker = {s.speaker: s.articulation["ema"].channels for s in read_stimuli(out)}
    assert "TD.x" in by_speaker["fsew0"] and "TD.x" not in by_speaker["falh0"]
    assert "UL.x" in by_speaker["falh0"] and "UL.x" not in by_speaker["fsew0"]
    alone = import_corpus("mocha", folder, out.with_name("one"), speakers=["falh0"])
    assert "UL.x" in alone.flesh


def test_a_channel_that_does_not_move_is_left_out_by_name(made) -> None:
    def still(table: np.ndarray) -> None:
        table[table[:, 13] < 1e6, 13] = -8000  # JAW.x

    folder, out = made("xrmb", lose=still)
    done = import_corpus("xrmb", folder, out)
    assert list(done.bad_channels["JW11"]) == ["JAW.x"]
    assert "moves by 0.00 mm (standard deviation), below 0.5" in done.bad_channels["JW11"]["JAW.x"]
    assert "JAW.x" not in done.flesh
    kept = import_corpus("xrmb", folder, out.with_name("kept"), keep_bad=True)
    assert kept.kept_bad and "JAW.x" in kept.flesh


def test_recordings_known_to_be_bad_are_left_out(made) -> None:
    folder, out = made("mocha", speakers=("msak0",))
    for path in (folder / "msak0").glob("msak0_003.*"):
        path.rename(path.with_name(path.name.replace("003", "268")))
    (folder / "mocha-timit.txt").write_text("001. One.\n002. Two.\n268. Three.\n")
    done = import_corpus("mocha", folder, out)
    assert done.left_out == {"msak0_268": "the sound is corrupt (the corpus's README)"}
    assert done.stimuli == 2
    assert import_corpus("mocha", folder, out.with_name("kept"), keep_bad=True).stimuli == 3


def test_utterances_without_transcript_are_left_out_and_named(made) -> None:
    folder, out = made("mngu0")
    (folder / "utt/mngu0_s1_0002.utt").unlink()
    done = import_corpus("mngu0", folder, out)
    assert done.left_out == {
        "mngu0_s1_0002": "no transcript: no mngu0_s1_0002.utt and no mngu0_s1_0002.txt"
    }
    (folder / "ema/mngu0_s1_0002.txt").write_text(" e\u0301te\u0301\n")
    done = import_corpus("mngu0", folder, out.with_name("all"))
    assert done.left_out == {}
    assert read_stimuli(out.with_name("all"))[1].transcript == "été"


def test_a_text_beside_a_task_goes_before_its_tier_of_words(made) -> None:
    folder, out = made("xrmb")
    (folder / "JW11/tp001.TextGrid").unlink()
    for k, text in ((1, "one"), (2, "two")):
        (folder / f"JW11/tp00{k}.txt").write_text(text)
    import_corpus("xrmb", folder, out)
    stimuli = read_stimuli(out)
    assert stimuli.transcripts == ("one", "two", "kit")
    assert [s.phones is None for s in stimuli] == [True, False, False]


def test_a_sensor_that_was_never_measured_is_left_out_by_name(made) -> None:
    def lose(content: dict) -> dict:
        content["ema_trimmed"][:, 8] = np.nan
        return content

    folder, out = made("spire-ema", change=lose)
    done = import_corpus("spire-ema", folder, out)
    assert list(done.bad_channels["spk3"]) == ["JAW.x"]
    assert "JAW.x" not in done.flesh and done.missing == {}


def test_a_corpus_without_any_transcript_is_refused(made) -> None:
    folder, out = made("spire-ema")
    (folder / "mocha-timit.txt").unlink()
    with pytest.raises(
        ManifestError, match=r"no stimulus would be left, because\n  spk3_0001: no "
    ):
        import_corpus("spire-ema", folder, out)
    assert not out.exists()


def lose_a_few(table: np.ndarray) -> None:
    """Lose the tongue's tip for seven frames in the middle, and the molar for three."""
    table[90:97, 5] = 1_000_000
    table[50:53, 15:17] = 1_000_000


def test_missing_frames_are_counted_and_their_stimuli_left_out(made) -> None:
    folder, out = made("xrmb", lose=lose_a_few)
    lines = (folder / "JW11/tp001.txy").read_bytes().split(b"\r\n")
    whole = lines[40].split(b"\t")[1:]
    for k in (*range(90, 97), *range(50, 53)):
        lines[k] = b"\t".join([lines[k].split(b"\t")[0], *whole])
    (folder / "JW11/tp001.txy").write_bytes(b"\r\n".join(lines))
    done = import_corpus("xrmb", folder, out)
    assert done.stimuli == 1
    assert done.left_out == {
        f"JW11_tp00{k}": "frames were not measured: TT.x 7 of 212, TT.y 7 of 212" for k in (2, 3)
    }
    assert done.missing == {
        f"JW11_tp00{k}": {"TT.x": 7, "TT.y": 7, "MNM.x": 3, "MNM.y": 3} for k in (2, 3)
    }


def test_missing_frames_stay_missing_behind_a_mask(made, corpora: ModuleType) -> None:
    folder, out = made("xrmb", lose=lose_a_few)
    done = import_corpus("xrmb", folder, out, gaps="mask")
    assert done.left_out == {} and done.stimuli == 3
    assert validate(out) == []
    stimulus = read_stimuli(out)[0]
    assert stimulus.marks == ("missing-frames",)
    assert stimulus.attributes["missing_frames"]["TT.x"] == 7
    track = stimulus.articulation
    assert sorted(track.streams) == ["ema", "ema_valid"]
    ema, valid = track["ema"].values, track["ema_valid"].values
    tip = track["ema"].channels.index("TT.x")
    assert np.flatnonzero(valid[:, tip] == 0).tolist() == [*range(90 - 6, 97 - 6)]
    assert (ema[valid == 0] == 0).all()
    assert (ema[valid == 1] != 0).all()
    # What was measured on either side is what it would be without the gap, away from its edges.
    truth = corpora.position("TT.x", times_of(stimulus))
    assert np.abs(ema[:, tip] - truth)[np.r_[0:70, 105:200]].max() < 0.15


def test_gaps_in_other_channels_than_flesh_points_leave_flesh_whole(made) -> None:
    def molar(table: np.ndarray) -> None:
        table[50:53, 15:17] = 1_000_000

    folder, out = made("xrmb", lose=molar)
    done = import_corpus("xrmb", folder, out)
    assert done.stimuli == 3 and done.left_out == {}
    stimulus = read_stimuli(out)[0]
    assert sorted(stimulus.articulation.streams) == ["ema", "ema_valid", "flesh"]
    assert stimulus.marks == ()
    space("articulation", read_stimuli(out)).rdm()


def test_frames_marked_as_breaks_are_missing(made, corpora: ModuleType) -> None:
    breaks = np.zeros(round(corpora.SECONDS * 500))
    breaks[300:310] = 1
    folder, out = made("mocha", speakers=("fsew0",), breaks=breaks)
    done = import_corpus("mocha", folder, out, gaps="mask")
    assert set(done.missing["fsew0_001"].values()) == {10}


def test_smoothing_is_the_table_s_own_and_is_recorded(made) -> None:
    folder, out = made("mocha")
    done = import_corpus("mocha", folder, out)
    recorded = {"filter": "Butterworth, order 4, forwards and backwards", "cutoff_hz": 10.0}
    assert done.smoothing == recorded
    assert all(s.attributes["smoothing"] == recorded for s in read_stimuli(out))
    other = import_corpus("mocha", folder, out.with_name("other"), smoothing_hz=25)
    assert other.smoothing == recorded | {"cutoff_hz": 25.0}
    one, two = (
        read_stimuli(path)[0].articulation["ema"].values for path in (out, other.manifest.parent)
    )
    assert not np.allclose(one, two)


def test_phones_come_in_ipa_where_that_is_certain(made) -> None:
    for name in FORMATS:
        folder, out = made(name)
        import_corpus(name, folder, out)
        stimuli = read_stimuli(out)
        certain = IMPORTERS[name].phone is not None
        assert {s.phones for s in stimuli} == {("k", "ʌ", "t") if certain else None}, name
        segments = stimuli[0].attributes["segments"]
        assert [label.lower()[:2] for label, _, _ in segments][-4:-1] in (
            ["k", "ah", "t"],
            ["k", "v", "t"],
        )


def test_every_phone_of_a_table_is_one_that_the_phone_space_reads() -> None:
    from grounding.stimuli.importers.phones import MNGU0

    assert np.isfinite(phone_distances([[phone] for phone in MNGU0.values()])).all()


def test_a_label_that_is_in_no_table_leaves_the_phones_out(made) -> None:
    folder, out = made("mngu0")
    path = folder / "lab/mngu0_s1_0002.lab"
    path.write_text(path.read_text().replace("\tk", "\t?"))
    done = import_corpus("mngu0", folder, out)
    assert done.unknown_labels == {"?": 1}
    assert [s.phones is None for s in read_stimuli(out)] == [False, True, False]


def test_what_is_said_where_nothing_was_measured_leaves_the_utterance_out(
    made, corpora: ModuleType
) -> None:
    def early(table: np.ndarray) -> None:
        table[int(0.9 / 6866e-6) :, 1:] = 1_000_000

    folder, out = made("xrmb", lose=early)
    with pytest.raises(ManifestError, match=r"'AH1' is said from 0.70 to 1.00 s, and movement was"):
        import_corpus("xrmb", folder, out)


@pytest.mark.parametrize(("kept", "good"), [(1.2, True), (0.9, False)])
def test_without_labels_little_sound_may_lack_movement(
    kept: float, good: bool, made, corpora: ModuleType
) -> None:
    folder, out = made("mocha", speakers=("fsew0",))
    for path in folder.rglob("*.lab"):
        path.unlink()
    for path in folder.rglob("*.ema"):
        head, end, body = path.read_bytes().partition(b"EST_Header_End\n")
        rows = round(kept * 500)
        head = head.replace(b"NumFrames 750", b"NumFrames %d" % rows)
        path.write_bytes(head + end + body[: rows * 22 * 4])
    if good:
        done = import_corpus("mocha", folder, out)
        assert set(done.cut.values()) == {(0.0, kept)}
        assert {s.samples for s in read_stimuli(out)} == {round(kept * 16000)}
        assert read_stimuli(out)[0].attributes["part_of_recording_s"] == (0.0, kept)
    else:
        with pytest.raises(ManifestError, match=r"0.60 s of its sound have no movement, and no la"):
            import_corpus("mocha", folder, out)


def test_recordings_are_copied_where_the_set_can_hold_them(made) -> None:
    folder, out = made("mngu0")
    done = import_corpus("mngu0", folder, out)
    assert done.converted == 0
    name = "mngu0_s1_0001.wav"
    assert (out / "audio" / name).read_bytes() == (folder / "wav" / name).read_bytes()


def test_sphere_files_are_converted_without_a_sample_changed(made, corpora: ModuleType) -> None:
    folder, out = made("mocha", speakers=("fsew0",))
    done = import_corpus("mocha", folder, out)
    assert done.converted == 3
    audio = read_stimuli(out)[0].audio
    np.testing.assert_array_equal(audio, corpora.sound(16000).astype(np.float32) / 32768)


def test_two_rates_of_speaking_are_realisations_of_one_transcript(made) -> None:
    folder, out = made("hprc")
    import_corpus("hprc", folder, out)
    stimuli = read_stimuli(out)
    assert len(stimuli) == 6 and len(set(stimuli.transcripts)) == 3
    assert {s.realisation["name"] for s in stimuli} == {"normal", "fast"}


def test_a_file_of_sentences_is_cut_at_its_pauses(made) -> None:
    folder, out = made("usc-timit")
    done = import_corpus("usc-timit", folder, out)
    stimuli = read_stimuli(out)
    assert stimuli.ids == tuple(f"usctimit_f1_00{k}" for k in (1, 2, 3))
    assert stimuli[1].transcript == "well, cat."
    start, end = done.cut["usctimit_f1_002"]
    assert (start, end) == pytest.approx((1.5 + 0.1, 1.5 + 1.4), abs=0.011)


def test_a_sentence_in_two_files_is_left_out(made) -> None:
    folder, out = made("usc-timit")
    for path in [*folder.rglob("*001_003.*")]:
        other = path.with_name(path.name.replace("001_003", "003_005"))
        text = path.read_bytes()
        if path.suffix == ".trans":
            for k in (1, 2):
                text = text.replace(f".,{k}\n".encode(), f".,{k + 3}\n".encode())
        other.write_bytes(text)
    done = import_corpus("usc-timit", folder, out)
    assert done.left_out == {"usctimit_f1_003": "parts of it are in more than one file"}
    assert done.stimuli == 4


def test_the_set_carries_what_was_done(made) -> None:
    folder, out = made("mocha")
    done = import_corpus("mocha", folder, out)
    told = json.loads((out / "import.json").read_text(encoding="utf-8"))
    assert told["manifest"] == "manifest.jsonl"
    assert told["stimuli"] == done.stimuli
    assert told["bad_channels"] == done.bad_channels
    assert told["licence"] == IMPORTERS["mocha"].licence
    assert str(folder) not in json.dumps(told)


def test_equal_imports_are_equal_sets(made) -> None:
    folder, out = made("xrmb")
    import_corpus("xrmb", folder, out)
    import_corpus("xrmb", folder, out.with_name("again"))
    assert read_stimuli(out).digest == read_stimuli(out.with_name("again")).digest
    one, two = out / "import.json", out.with_name("again") / "import.json"
    assert one.read_bytes() == two.read_bytes()


def test_progress_is_told(made) -> None:
    told = []
    folder, out = made("mngu0")
    import_corpus("mngu0", folder, out, progress=lambda *what: told.append(what))
    assert told[0] == ("reading mngu0", 0, 3)
    assert told[-1] == ("writing mngu0", 3, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"language": "english"}, ManifestError, "language 'english': needed a two-letter"),
        ({"smoothing_hz": 100}, UserError, "cut-off of 100 Hz for movement at 200.0 Hz; needed"),
        ({"smoothing_hz": -1}, UserError, "a smoothing cut-off of -1 Hz"),
        ({"gaps": "fill"}, UserError, "gaps 'fill'; needed 'leave-out' or 'mask'"),
        ({"speakers": ["mngu0"]}, UnknownName, "unknown speaker 'mngu0'. Did you mean 'mngu0_s1'"),
    ],
)
def test_arguments_are_checked(arguments: dict, error: type, match: str, made) -> None:
    folder, out = made("mngu0")
    with pytest.raises(error, match=match):
        import_corpus("mngu0", folder, out, **arguments)
    assert not out.exists()


def test_folders_are_checked(made, tmp_path: Path) -> None:
    folder, out = made("mngu0")
    with pytest.raises(UnknownName, match=r"unknown corpus 'mngu'. Did you mean 'mngu0'\? Known: "):
        import_corpus("mngu", folder, out)
    with pytest.raises(ManifestError, match=r"nowhere is no folder. Give the folder of the corpus"):
        import_corpus("mngu0", tmp_path / "nowhere", out)
    with pytest.raises(ManifestError, match=r"in lies in the folder of the corpus, which is left"):
        import_corpus("mngu0", folder, folder / "in")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"set cannot be made \(.*\); give another"):
        import_corpus("mngu0", folder, tmp_path / "file/set")
    import_corpus("mngu0", folder, out)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ManifestError, match=r"mngu0-set exists and is not overwritten"):
        import_corpus("mngu0", folder, out)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failure_leaves_nothing(made, monkeypatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    folder, out = made("mngu0")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr("grounding.stimuli.importers.importing.write_manifest", fail)
    with pytest.raises(OSError, match="disk full"):
        import_corpus("mngu0", folder, out)
    assert sorted(tmp_path.rglob("*")) == before
