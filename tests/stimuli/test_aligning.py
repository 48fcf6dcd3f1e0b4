"""Phones of any language are read as the aligner's, and found where they are said, or refused."""

from __future__ import annotations

import json
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import grounding.stimuli.aligning.sphinx as sphinx
from grounding.commands.stimuli import app
from grounding.errors import UserError
from grounding.stimuli import (
    Articulation,
    ManifestError,
    Stimulus,
    StimulusSet,
    Stream,
    read_stimuli,
)
from grounding.stimuli.aligning import align, align_all, aligner, write_aligned, write_segments
from grounding.stimuli.aligning.aligned import Aligned, gathered
from grounding.stimuli.aligning.classes import CLASSES, boundary_class, kind
from grounding.stimuli.aligning.error import EDGES, boundaries, stretched, typical_seconds
from grounding.stimuli.aligning.mapping import EXCEPTIONS, MERGED, NEAREST, Part, mapped, read_as
from grounding.stimuli.aligning.truth import REACH, acoustic_times, event

HERE = Path(__file__).resolve().parents[2] / "stimuli"
PHONES = {*NEAREST.values(), *MERGED.values()}


@pytest.mark.parametrize(
    ("phone", "phones"),
    [
        ("tʲ", "T"), ("sː", "S"), ("oʊ", "OW"), ("t͡ʃʲ", "CH"), ("t͡s", "T S"), ("ɝ", "ER"),
        ("ɑ̃", "AA"), ("g", "G"), ("rʲ", "R"), ("x", "K"), ("y", "UW"), ("ɕː", "SH"),
    ],
)  # fmt: skip
def test_a_phone_is_read_as_the_nearest_of_the_aligner(phone: str, phones: str) -> None:
    assert read_as(phone) == phones


def test_the_aligner_has_39_phones_and_each_is_its_own_nearest() -> None:
    assert len(PHONES) == 39
    assert all(read_as(ipa) == phone for ipa, phone in NEAREST.items())
    assert {phone for phones in EXCEPTIONS.values() for phone in phones} <= PHONES


def test_two_phones_that_english_has_as_one_share_it() -> None:
    assert mapped(["z", "ə", "ɹ", "o", "ʊ"]) == (
        Part("Z", (0,)), Part("AH", (1,)), Part("R", (2,)), Part("OW", (3, 4)),
    )  # fmt: skip
    assert mapped(["ɜː", "ɹ", "s"])[0] == Part("ER", (0, 1))


def test_times_go_back_to_the_phones_of_the_manifest() -> None:
    parts = mapped(["t͡s", "a", "ɪ"])
    times = [(0.0, 0.1), (0.1, 0.2), (0.2, 0.4)]
    assert gathered(["t͡s", "a", "ɪ"], parts, times) == (
        ("t͡s", 0.0, 0.2), ("a", 0.2, 0.3), ("ɪ", 0.3, 0.4),
    )  # fmt: skip


def test_phones_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(UserError, match="a phone string is empty"):
        mapped([])
    with pytest.raises(UserError, match=r"phone 'ʒ7' is not IPA as panphon knows it"):
        mapped(["ʒ7"])


@pytest.mark.parametrize("name", ["vocal-tract-words", "spoken-prompts"])
def test_every_phone_of_a_shipped_set_is_read_and_every_boundary_has_a_class(name: str) -> None:
    for stimulus in read_stimuli(name, check_audio=False):
        phones = stimulus.phones or ()
        assert {owner for part in mapped(phones) for owner in part.owners} == set(
            range(len(phones))
        )
        assert all(boundary_class(a, b) in CLASSES for a, b in pairwise(phones))


def test_segments_of_the_spoken_prompts_are_those_of_its_clips_and_phones() -> None:
    folder = HERE / "spoken-prompts"
    lines = (folder / "segments.jsonl").read_text(encoding="utf-8").splitlines()
    stimuli = read_stimuli("spoken-prompts", check_audio=False)
    for line, stimulus in zip(map(json.loads, lines), stimuli, strict=True):
        assert (line["id"], line["sha256"]) == (stimulus.id, stimulus.sha256)
        assert [phone for phone, *_ in line["segments"]] == list(stimulus.phones or ())
        times = [time for _, *times in line["segments"] for time in times]
        assert all(a <= b for a, b in pairwise(times))
        assert 0 <= times[0] <= times[-1] <= (stimulus.samples or 0) / stimulus.rate


def tract(lip: list[float], glottis: list[float]) -> Articulation:
    values = np.array([[a, 2.0, 2.0, 0.0, g] for a, g in zip(lip, glottis, strict=True)])
    names = ("lip.area", "tip.area", "body.area", "velum.area", "glottis.opening")
    units = ("cm^2",) * 4 + ("cm",)
    return Articulation(100.0, {"variables": Stream("variables", values, names, units)})


def test_a_closure_and_its_release_are_read_from_the_area() -> None:
    lip = [1.01] * 10 + [0.0] * 9 + [0.51, 1.01]
    said = [("ɑ", 0.0, 0.12), ("b", 0.12, 0.2), ("ɑ", 0.2, 0.21)]
    closed, opened = acoustic_times(said, tract(lip, [0.1] * 21))
    assert closed == pytest.approx(0.09 + 0.01 * 1.0 / 1.01)
    assert opened == pytest.approx(0.18 + 0.01 * 0.01 / 0.51)
    late = [("ɑ", 0.0, closed + REACH + 0.001), ("b", 0.18, 0.2)]
    assert acoustic_times(late, tract(lip, [0.1] * 21)) == [None]


def test_voice_begins_where_the_glottis_closes_half_way() -> None:
    glottis = [0.2] * 10 + [0.1] + [0.0] * 10
    said = [("p", 0.0, 0.1), ("ɑ", 0.1, 0.2)]
    assert acoustic_times(said, tract([1.0] * 21, glottis)) == [pytest.approx(0.1)]


@pytest.mark.parametrize(
    ("left", "right", "what"),
    [
        ("ɑ", "l", None), ("s", "t", ("closure", -1)), ("n", "d", ("velum", -1)),
        ("d", "n", ("velum", 1)), ("m", "n", None), ("t", "k", None), ("h", "ɑ", ("glottis", -1)),
        ("ɑ", "h", ("glottis", 1)), ("ɑ", "s", ("slit", -1)), ("z", "ɑ", ("slit", 1)),
        ("d͡ʒ", "ɑ", ("slit", 1)), ("m", "ɑ", ("closure", 1)), ("t", "s", ("closure", 1)),
        ("f", "s", None),
    ],
)  # fmt: skip
def test_which_event_shows_a_boundary(left: str, right: str, what: tuple[str, int] | None) -> None:
    assert event(kind(left), kind(right)) == what


def stimulus(name: str, phones: str, seconds: list[float], **attributes: object) -> Stimulus:
    ends = np.cumsum(seconds).tolist()
    segments = [[p, e - s, e] for p, s, e in zip(phones, seconds, ends, strict=True)]
    record = {"id": name, "transcript": name, "language": "en", "audio": "a.wav", "rate": 16000}
    attributes = {"segments": segments, **attributes}
    return Stimulus.from_record(record | {"phones": list(phones), "attributes": attributes}, ".")


def test_errors_are_found_minus_known_and_controls_know_the_edges() -> None:
    words = [stimulus("a", "san", [0.1, 0.3, 0.2]), stimulus("b", "na", [0.1, 0.2])]
    seconds = typical_seconds(words)
    assert seconds["a"] == pytest.approx({"s": 0.18, "a": 0.2, "n": 0.1})  # /s/: mean of all
    late = [(p, start + 0.01, end + 0.01) for p, start, end in words[0].attributes["segments"]]
    found = boundaries(words[0], late, seconds["a"])
    assert [one.label for one in found] == [*EDGES, "from a fricative", "to a nasal"]
    assert [one.found["aligner"] - one.requested for one in found] == pytest.approx([0.01] * 4)
    assert [one.found["equal"] for one in found[2:]] == pytest.approx([0.2, 0.4])
    assert [set(one.found) for one in found[:2]] == [{"aligner"}] * 2
    assert found[2].found["typical"] == pytest.approx(0.6 * 0.18 / 0.48)
    assert found[2].found["typical, own ends"] == pytest.approx(0.01 + 0.6 * 0.18 / 0.48)
    assert [one.acoustic for one in found] == [None] * 4
    assert stretched([1, 1], 0.0, 1.0).tolist() == [0.5]


def test_a_known_pause_is_no_boundary_and_aligned_segments_are_no_truth() -> None:
    word = stimulus("a", "sa", [0.1, 0.3])
    apart = Stimulus.from_record(
        word.record() | {"attributes": {"segments": [["s", 0, 0.1], ["a", 0.2, 0.4]]}}, "."
    )
    same = [("s", 0.0, 0.1), ("a", 0.1, 0.4)]
    assert len(boundaries(word, same, {"s": 1, "a": 1})) == 3
    assert len(boundaries(apart, same, {"s": 1, "a": 1})) == 2
    with pytest.raises(UserError, match="'b' has no segments of its own"):
        typical_seconds([stimulus("b", "sa", [0.1, 0.3], aligner={"name": "pocketsphinx"})])


def test_a_missing_aligner_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sphinx, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs pocketsphinx: pip install .*\[alignment\]"):
        sphinx.needed()


def write_set(folder: Path, **stimuli: tuple[np.ndarray, str, list[str]]) -> Path:
    folder.mkdir()
    lines = []
    for name, (audio, transcript, phones) in stimuli.items():
        soundfile.write(folder / f"{name}.wav", audio, 16000)
        line = {"id": name, "transcript": transcript, "language": "en", "audio": f"{name}.wav"}
        lines.append(line | {"rate": 16000} | ({"phones": phones} if phones else {}))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")
    return folder


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["align", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture(scope="module")
def words() -> StimulusSet:
    """Three words of the simulator."""
    ids = ("fish-plain", "bear-plain", "boat-reduced")
    return read_stimuli("vocal-tract-words", check_audio=False).select(ids)


@pytest.mark.skipif(find_spec("pocketsphinx") is None, reason="needs the extra 'alignment'")
class TestWithTheAligner:
    """What needs PocketSphinx and its model."""

    @pytest.fixture
    def two(self, words, tmp_path: Path) -> Path:
        """A set of a word that can be aligned and one that lasts 50 ms."""
        fish = words[0]
        whole, cut = (fish.audio, "fish", list(fish.phones)), (fish.audio[:800], "fish", ["f"] * 60)
        return write_set(tmp_path / "two", whole=whole, cut=cut)

    def test_phones_are_found_near_where_they_were_asked_for(self, words) -> None:
        for word in words:
            found = align(word)
            known = word.attributes["segments"]
            assert [phone for phone, *_ in found.segments] == list(word.phones)
            assert all(start < end for _, start, end in found.segments)
            inner = [(a[2], b[2]) for a, b in zip(found.segments, known, strict=True)][:-1]
            assert max(abs(mine - asked) for mine, asked in inner) < 0.06
            assert found.score is not None
            assert -15 < found.score < 0

    def test_no_clip_and_no_process_changes_another(self, words) -> None:
        alone = [align(word) for word in reversed(words)]
        assert align_all(words) == alone[::-1]
        assert align_all(words, jobs=2) == alone[::-1]

    def test_a_pause_is_found_only_where_the_transcript_has_a_space(self, words, tmp_path) -> None:
        fish, bear = words[:2]
        audio = np.concatenate([fish.audio, np.zeros(6400, np.float32), bear.audio])
        phones = [*fish.phones, *bear.phones]
        folder = write_set(
            tmp_path / "set",
            apart=(audio, "fish bear", phones),
            joined=(audio, "fishbear", phones),
        )
        gaps = []
        for found in map(align, read_stimuli(folder)):
            gaps.append([round(b[1] - a[2], 3) for a, b in pairwise(found.segments)])
        assert gaps[0][2] > 0.2
        assert gaps[0][:2] + gaps[0][3:] == [0, 0, 0, 0]
        assert gaps[1] == [0, 0, 0, 0, 0]

    def test_a_set_is_written_whole_and_what_failed_is_said(self, two: Path, tmp_path) -> None:
        said = run(two, "--out", tmp_path / "out")
        assert "f F, ɪ IH, ʃ SH" in said
        assert "o ʊ OW" in said
        assert "no segments for cut: no path" in said
        assert "aligned 1 of 2 stimuli" in said
        whole, cut = read_stimuli(tmp_path / "out")
        assert [phone for phone, *_ in whole.attributes["segments"]] == list(whole.phones)
        assert set(whole.attributes["aligner"]) == {*aligner(), "score"}
        assert whole.audio_digest == read_stimuli(two)[0].audio_digest
        assert "segments" not in cut.attributes
        assert "no path" in cut.attributes["aligner"]["failure"]

    def test_a_set_keeps_articulation_and_what_was_said(self, words, tmp_path: Path) -> None:
        record = words[1].record()
        record["attributes"] = {"category": "animal"}
        bear = Stimulus.from_record(record, words.folder)
        write_aligned([bear], [align(bear)], tmp_path / "out")
        (out,) = read_stimuli(tmp_path / "out")
        assert out.attributes["category"] == "animal"
        assert out.articulation_digest == bear.articulation_digest

    def test_a_table_has_a_line_for_every_stimulus(self, two: Path, tmp_path: Path) -> None:
        run(two, "--out", tmp_path / "out", "--table")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["segments.jsonl"]
        text = (tmp_path / "out/segments.jsonl").read_text(encoding="utf-8")
        whole, cut = map(json.loads, text.splitlines())
        assert list(whole) == ["id", "sha256", "aligner", "segments", "score"]
        assert list(cut) == ["id", "sha256", "aligner", "failure"]
        assert whole["sha256"] == read_stimuli(two)[0].audio_digest

    def test_nothing_is_overwritten(self, words, two: Path, tmp_path: Path) -> None:
        stimuli, found = read_stimuli(two), [Aligned(n, (), None, "x") for n in ("whole", "cut")]
        write_segments(stimuli, found, tmp_path)
        with pytest.raises(ManifestError, match=r"segments\.jsonl exists and is not overwritten"):
            write_segments(stimuli, found, tmp_path)
        with pytest.raises(ManifestError, match=r"manifest\.jsonl exists and is not overwritten"):
            write_aligned(stimuli, found, two)
        for out, what in ((two, "exists and is not"), (two / "manifest.jsonl", "is no folder")):
            with pytest.raises(UserError, match=what):
                run(two, "--out", out)
        with pytest.raises(ManifestError, match=r"3 of 3 stimuli have segments already"):
            write_aligned(words, found, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_what_cannot_be_aligned_is_said_before_the_work(self, words, tmp_path: Path) -> None:
        bare = write_set(tmp_path / "bare", a=(words[0].audio, "fish", []))
        odd = write_set(tmp_path / "odd", a=(words[0].audio, "fish", ["ʒ7"]))
        for folder, what in (
            (bare, r"1 of 1 stimuli have no phones \(the first is 'a'\).*phonemiser"),
            (odd, r"manifest\.jsonl:1: phone 'ʒ7' is not IPA"),
        ):
            with pytest.raises(UserError, match=what):
                run(folder, "--out", tmp_path / "out")
        with pytest.raises(UserError, match=r"'a' has no phones to align"):
            align(read_stimuli(bare)[0])
        with pytest.raises(UserError, match=r"phone 'ʒ7' is not IPA"):
            align(read_stimuli(odd)[0])
        assert not (tmp_path / "out").exists()

    def test_a_phone_in_the_silence_around_a_recording_is_a_failure(self, words, tmp_path) -> None:
        short = write_set(tmp_path / "set", a=(words[0].audio[:800], "fish", ["f"] * 9))
        assert align(read_stimuli(short)[0]).failure == "a phone was found outside the recording"

    def test_another_rate_is_resampled(self, words, tmp_path: Path) -> None:
        from grounding.stimuli import resample

        fish = words[0]
        record = {"id": "a", "transcript": "fish", "language": "en", "audio": "a.wav"}
        soundfile.write(tmp_path / "a.wav", resample(fish.audio, 16000, 44100), 44100, "FLOAT")
        other = Stimulus.from_record(
            record | {"rate": 44100, "phones": list(fish.phones)}, tmp_path
        )
        times = [[time for _, *times in align(s).segments for time in times] for s in (other, fish)]
        assert np.abs(np.subtract(*times)).max() <= 0.02
