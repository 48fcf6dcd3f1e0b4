"""The shipped sets that part tract, sound and transcript, and the bridge's parts that make them."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from grounding.stimuli.validate import validate

SETS = Path(__file__).resolve().parents[2] / "stimuli"
TRACT = SETS / "same-tract-other-sound"
WORDS = SETS / "same-words-other-articulation"

pytest.importorskip("vocaltractlab_cython", reason="needs the extra 'synthesis'")

from grounding.stimuli.simulator.building import (  # noqa: E402
    PARTIAL,
    Builder,
    choose_words,
    read_records,
)
from grounding.stimuli.simulator.library import SimulatorError  # noqa: E402
from grounding.stimuli.simulator.score import Style  # noqa: E402
from grounding.stimuli.simulator.sounds import (  # noqa: E402
    LEVEL,
    SOUNDS,
    level,
    microphone,
    noise,
    room,
    telephone,
)
from grounding.stimuli.simulator.speak import RATE, finish  # noqa: E402
from grounding.stimuli.simulator.timing import segments  # noqa: E402
from grounding.stimuli.simulator.voices import CONTOURS  # noqa: E402


def rng(seed=0):
    return np.random.default_rng(seed)


def records(folder):
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def arrays(folder, record):
    with np.load(folder / record["articulation"], allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def load(folder):
    """Return the `make.py` of a set as a module."""
    name = f"make_{folder.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, folder / "make.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def energy(audio, low, high):
    power = np.abs(np.fft.rfft(audio)) ** 2
    frequency = np.fft.rfftfreq(len(audio), 1 / RATE)
    return power[(frequency >= low) & (frequency < high)].sum()


def test_the_telephone_keeps_its_band_and_nothing_beside_it():
    white = rng().standard_normal(RATE)
    heard = telephone(white, rng())
    assert energy(heard, 500, 3000) == pytest.approx(
        energy(white, 500, 3000), rel=0.05
    )  # 6 dB down at its edges
    assert energy(heard, 0, 200) + energy(heard, 5000, 8000) < 1e-3 * energy(heard, 0, 8000)


def test_the_room_falls_by_sixty_decibels_in_half_a_second_and_is_one_room():
    click = np.zeros(RATE)
    click[0] = 1.0
    tail = room(click, rng(3))
    assert tail[0] == pytest.approx(1.0)
    assert np.sum(tail[1:] ** 2) == pytest.approx(1.0)
    slices = np.array([np.mean(tail[k : k + 800] ** 2) for k in range(1, 7201, 800)])
    fall = np.polyfit(np.arange(9) * 800 / RATE, 10 * np.log10(slices), 1)[0]
    assert fall == pytest.approx(-60 / 0.5, rel=0.05)
    assert np.array_equal(tail, room(click, rng(3)))
    assert not np.array_equal(tail, room(click, rng(4)))


def test_noise_is_pink_and_five_decibels_below():
    tone = np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE)
    added = noise(tone, rng()) - tone
    assert 10 * np.log10(np.mean(tone**2) / np.mean(added**2)) == pytest.approx(5.0)
    octaves = [energy(added, low, 2 * low) for low in (250, 500, 1000, 2000)]
    assert max(octaves) / min(octaves) < 1.2


def test_levels_are_equal_and_silence_and_clipping_are_refused():
    for audio in (rng().standard_normal(4000), 9 * np.sin(np.arange(4000.0))):
        assert np.sqrt(np.mean((level(audio) / 32767) ** 2)) == pytest.approx(LEVEL, rel=1e-3)
    with pytest.raises(SimulatorError, match="the simulator made silence"):
        level(np.zeros(100))
    click = np.zeros(4000)
    click[7] = 1.0
    with pytest.raises(SimulatorError, match=r"largest sample is 2\.53 of full scale at a root"):
        level(click)


def test_the_microphone_is_that_of_the_other_set_up_to_a_gain():
    raw = rng().standard_normal(44_100)
    heard, other = microphone(raw), finish(raw)
    assert np.corrcoef(heard, other)[0, 1] > 0.999999


def test_a_whispered_score_voices_nothing_and_a_modal_one_does():
    style = Style(1.0, 0.5, 1.0, 110.0, CONTOURS["fall"], "modal", 8000.0)
    placed = segments(("AE1", "B", "Z"), 1.0)
    modal, whispered = (SOUNDS[name].score(placed, style) for name in ("modal", "whispered"))
    for shape in ("modal", "voiced-plosive", "voiced-fricative"):
        assert f'value="{shape}"' in modal
        assert f'value="{shape}"' not in whispered
    assert 'value="whisper"' in whispered


def test_words_are_chosen_for_their_rare_phones_in_any_order_of_the_table():
    table = [
        {"word": word, "arpabet": phones}
        for word, phones in (
            ("bat", "B AE1 T"), ("bad", "B AE1 D"), ("shoe", "SH UW1"), ("tab", "T AE1 B"),
            ("baby", "B EY1 B IY0"),
        )
    ]  # fmt: skip
    chosen = [row["word"] for row in choose_words(table, 3)]
    assert chosen == ["bad", "shoe", "tab"]
    assert [row["word"] for row in choose_words(table[::-1], 3)] == chosen
    assert len(choose_words(table, 99)) == 4  # a word of two vowels is never taken


def plan(name):
    return [{"id": name, "audio": f"{name}.flac", "articulation": f"{name}.npz", "attributes": {}}]


def make(name, folder):
    for end in ("flac", "npz"):
        (folder / f"{name}.{end}").write_bytes(name.encode())
    digest = hashlib.sha256(name.encode()).hexdigest()
    return [plan(name)[0] | {"sha256": digest, "attributes": {"articulation_sha256": digest}}]


@pytest.fixture
def builder(monkeypatch):
    """Return a builder of two items that makes them in this process."""
    monkeypatch.setattr(
        Builder, "made", lambda self, missing, folder, n: (self.make(m, folder) for m in missing)
    )
    return Builder({"a": "a", "b": "b"}, plan, make)


def test_a_build_goes_on_where_it_stopped(builder, tmp_path):
    assert builder.build(tmp_path, 1, only=["b"]) == 1
    assert builder.build(tmp_path, 1) == 1
    assert [r["id"] for r in records(tmp_path)] == ["a", "b"]
    assert builder.build(tmp_path, 1) == 0
    (tmp_path / "a.npz").write_bytes(b"torn")
    assert builder.build(tmp_path, 1) == 1
    assert builder.build(tmp_path, 1, fresh=True) == 2
    changed = Builder(builder.jobs, lambda n: [plan(n)[0] | {"rate": 9}], make)
    assert not changed.stands("a", read_records(tmp_path), tmp_path)
    assert not (tmp_path / PARTIAL).exists()


def test_a_torn_line_of_a_partial_manifest_is_left_out(tmp_path):
    (tmp_path / PARTIAL).write_text('{"id": "a"}\n{"id": "b', encoding="utf-8")
    assert set(read_records(tmp_path)) == {"a"}


def test_the_command_builds_and_refuses_a_name_that_is_not_there(builder, tmp_path, capsys):
    builder.command(["--only", "a"], tmp_path, "about")
    assert "2 to make in all, 1 made now" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        builder.command(["--only", "c"], tmp_path, "about")
    assert "nothing is called c; known: a, b" in capsys.readouterr().err


def test_a_job_may_make_nothing_and_the_manifest_says_what_else_is_known(builder, tmp_path):
    fails = Builder(builder.jobs, plan, lambda n, at: make(n, at) if n == "b" else [])
    assert fails.build(tmp_path, 1) == 2
    assert [r["id"] for r in records(tmp_path)] == ["b"]
    heard = Builder(builder.jobs, plan, make, lambda r: r | {"marks": ["heard"]})
    assert heard.build(tmp_path, 1) == 1  # what is known from elsewhere makes nothing anew
    assert [r["marks"] for r in records(tmp_path)] == [["heard"]] * 2


def test_the_command_does_first_what_it_is_told_to(builder, tmp_path, capsys):
    done = []

    def search():
        """Search again."""
        done.append(sorted(tmp_path.iterdir()))

    builder.command([], tmp_path, "about", first={"search": search})
    assert done == []
    (tmp_path / "manifest.jsonl").unlink()
    builder.command(["--search"], tmp_path, "about", first={"search": search})
    assert len(done) == 1 and tmp_path / "manifest.jsonl" not in done[0]
    with pytest.raises(SystemExit):
        builder.command(["--help"], tmp_path, "about", first={"search": search})
    assert "Search again." in capsys.readouterr().out


@pytest.mark.parametrize("folder", [TRACT, WORDS], ids=lambda f: f.name)
def test_a_shipped_set_is_whole_small_and_follows_from_its_plan(folder):
    assert validate(folder) == []
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 12e6
    builder, found = load(folder).builder(), read_records(folder)
    planned = [r["id"] for job in builder.jobs.values() for r in builder.plan(job)]
    assert list(found) == planned
    assert all(builder.stands(name, found, folder) for name in builder.jobs)


def test_one_articulation_is_the_same_to_the_bit_in_every_sound():
    by_word = {}
    for record in records(TRACT):
        by_word.setdefault(record["attributes"]["articulation"], {})[
            record["attributes"]["sound"]
        ] = record
    assert len(by_word) == 60
    for found in by_word.values():
        assert list(found) == list(SOUNDS)
        assert len({record["samples"] for record in found.values()}) == 1
        modal = arrays(TRACT, found["modal"])
        for sound in ("breathy", "whispered", "raised-f0"):
            other = arrays(TRACT, found[sound])
            differ = {name for name in modal if not np.array_equal(modal[name], other[name])}
            assert "glottis" in differ <= {"glottis", "variables"}
            opening = list(modal["variables.channels"]).index("glottis.opening")
            kept = [np.delete(one["variables"], opening, axis=1) for one in (modal, other)]
            assert np.array_equal(*kept)
        for sound in ("telephone", "room", "noise"):
            assert found[sound]["articulation"] == found["modal"]["articulation"]


def test_the_sounds_of_an_articulation_differ_and_are_equally_loud():
    for record in records(TRACT)[::11]:
        audio, _ = soundfile.read(TRACT / record["audio"])
        assert np.sqrt(np.mean(audio**2)) == pytest.approx(LEVEL, rel=1e-3)
    assert len({record["sha256"] for record in records(TRACT)}) == 60 * len(SOUNDS)


def test_a_factor_moves_what_it_says_and_nothing_else():
    found = records(WORDS)
    assert Counter(r["attributes"]["level"] for r in found)["normal"] == 24
    knob = {"rate": "rate", "coarticulation": "overlap",
            "anatomy": "anatomy_scale"}  # fmt: skip
    normal = {r["transcript"]: r for r in found if r["attributes"]["factor"] == "none"}
    for record in found:
        base = normal[record["transcript"]]["realisation"]
        moved = {k for k, v in record["realisation"].items() if k != "name" and v != base[k]}
        assert moved == {knob[f] for f in [record["attributes"]["factor"]] if f != "none"}
        assert record["phones"] == normal[record["transcript"]]["phones"]


def test_every_factor_moves_the_tract():
    found = [r for r in records(WORDS) if r["transcript"] in ("cape", "fern", "wood")]
    normal = {r["transcript"]: r for r in found if r["attributes"]["factor"] == "none"}
    for record in found:
        if record["attributes"]["factor"] not in ("none", "rate"):
            ours, base = (arrays(WORDS, r)["flesh"] for r in (record, normal[record["transcript"]]))
            assert np.abs(ours - base).max() > 0.5, record["id"]  # mm


@pytest.mark.parametrize("folder, name", [(TRACT, "dew"), (WORDS, "dew-rate-fast")])
def test_a_rebuilt_item_has_the_shipped_bytes(folder, name, tmp_path):
    builder, shipped = load(folder).builder(), read_records(folder)
    for record in builder.make(builder.jobs[name], tmp_path):
        assert record == shipped[record["id"]]  # with the hashes of sound and arrays
        for key in ("audio", "articulation"):
            assert (tmp_path / record[key]).read_bytes() == (folder / record[key]).read_bytes()
