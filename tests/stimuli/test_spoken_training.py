"""`spoken-training`: what is shipped, what may not be in it, and how a set is made."""

from __future__ import annotations

import doctest
import gzip
import importlib
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import grounding.stimuli.sets as sets
from grounding.commands.stimuli import app
from grounding.errors import ManifestError, UserError
from grounding.stimuli import StimulusSet, read_stimuli, shipped_sets, validate
from grounding.stimuli.recorded import asterisk, hashes, tuxpaint
from grounding.stimuli.recorded.folders import differences, read_rows
from grounding.stimuli.sets import TRAINING, scored_sets, scripted_sets, unmade_sets
from grounding.stimuli.wording import words

NAME = "spoken-training"
HERE = Path(__file__).parents[2] / "stimuli" / NAME
LANGUAGES = {"en", "fr", "es", "it", "ru", "ro", "bg"}
MODULES = ("leaving", "make", "sounds", "sources", "texts")


@pytest.fixture(scope="module")
def tools():
    """The folder's modules by name, imported as `make.py` imports them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)
        found = {name: importlib.import_module(name) for name in MODULES}
        yield found
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture
def said(tools):
    """A function that gives an utterance of `spoken`, in the place of a recording's."""

    def make(text: str, recording: str = "a/b", language: str = "en", source: str = "asterisk"):
        return tools["sources"].Utterance(source, language, recording, Path("x"), text, "Ann")

    return make


# What is shipped, and what it is for


def test_no_sound_and_no_set_is_shipped():
    assert {p.suffix for p in HERE.iterdir() if p.is_file()} == {".md", ".py", ".tsv", ".txt"}
    assert NAME not in shipped_sets() and NAME in scripted_sets()


def test_every_recording_has_a_hash(tools):
    known = read_rows(HERE / "hashes.tsv")
    assert len({row["id"] for row in known}) == len(known) > 4000
    counted = Counter(row["id"].split("-")[0] for row in known)
    assert set(counted) == LANGUAGES and min(counted.values()) > 200
    assert {row["id"].split("-")[1] for row in known} == set(tools["sources"].SOURCES)
    for row in known:
        assert tuple(row) == hashes.COLUMNS and re.fullmatch("[0-9a-f]{64}", row["sha256"])
    assert sum(int(row["samples"]) for row in known) / 16_000 / 3600 == pytest.approx(3.8, abs=0.1)


def test_tables_are_whole(tools):
    repairs = read_rows(HERE / "repairs.tsv")
    assert len({(r["language"], r["recording"], r["was"]) for r in repairs}) == len(repairs)
    for row in repairs:
        assert row["language"] in LANGUAGES | {"*"} and row["recording"] and row["why"]
        assert row["was"] != row["is"] and None not in row.values()
    for row in read_rows(HERE / "unusable.tsv"):
        assert row["source"] in tools["sources"].SOURCES and row["recording"] and row["why"]
        assert row["reason"] in {"no speech", "defect"}


def test_it_is_for_training_and_no_scored_set(monkeypatch, tmp_path):
    monkeypatch.setenv("GROUNDING_CACHE", str(tmp_path))
    assert {NAME} == TRAINING and scored_sets() == sorted(shipped_sets())
    with pytest.raises(ManifestError, match=rf"'{NAME}' is not shipped but made .*make\.py'"):
        read_stimuli(NAME)
    monkeypatch.setattr(sets, "PLACES", (tmp_path / "place",))
    (tmp_path / "place" / NAME).mkdir(parents=True)
    (tmp_path / "place" / NAME / sets.HASHES).touch()
    (sets.made_folder(NAME)).mkdir(parents=True)
    (sets.made_folder(NAME) / "manifest.jsonl").touch()
    assert unmade_sets() == {} and scored_sets() == []
    (sets.made_folder(NAME) / "manifest.jsonl").unlink()
    lines = CliRunner().invoke(app, ["list"]).output.splitlines()
    assert lines[-1] == f"{NAME} is for training encoders; none is scored on it"


# Texts


def test_texts_are_repaired_by_whole_words(tools, tmp_path):
    path = tmp_path / "repairs.tsv"
    path.write_text(
        "language\trecording\twas\tis\twhy\n"
        "es\t*\tmas\tmás\taccent\nes\tvm\t(nota)\t\ta note\n*\t*\t[@]\t\tsign\n",
        encoding="utf-8",
    )
    rules = tools["texts"].read_repairs(path)

    def repaired(text: str, language: str = "es", recording: str = "vm") -> str:
        return tools["texts"].repaired(text, language, recording, rules)

    assert repaired("Mas  pan, mas. Además") == "Más pan, más. Además"
    assert repaired("mas", "fr") == "mas"
    assert repaired("uno (nota) .") == "uno" and repaired("uno (nota)", "es", "x") == "uno (nota)"
    assert repaired("at [@]", "en") == "at"
    assert repaired("25 cents ($.25), called “quarter” — x-ray") == (
        "25 cents, called quarter x-ray"
    )


def test_texts_of_no_use_are_told_by_their_reason(tools, said):
    unusable = [
        {"language": "*", "source": "asterisk", "recording": "spy", "reason": "defect"},
        {"language": "it", "source": "asterisk", "recording": "beep", "reason": "no speech"},
    ]

    def why(utterance) -> str:
        return tools["texts"].without_text(utterance, utterance.text, unusable)

    assert why(said("two, three: l'ours 3!")) == why(said("¿qué?")) == ""
    assert why(said("x", "spy")) == "defect" and why(said("x", "spy", source="tuxpaint")) == ""
    assert why(said("un beep", "beep", "it")) == "no speech" and why(said("beep", "beep")) == ""
    assert why(said("[sound of monkeys]")) == why(said("", "silence/3")) == "no speech"
    assert why(said("")) == "no transcript"
    assert why(said("a", "letters/a")) == "a letter alone" and why(said("a", "digits/a")) == ""
    assert why(said("one (or two)")) == why(said("6x7=42")) == "defect"


# What may not be trained on


def test_whatever_is_scored_is_left_out_and_its_neighbours_are_not(tools, said):
    leaving = tools["leaving"]
    one = leaving.Scored(
        "one",
        frozenset({words("Un chat.")}),
        frozenset({"hash"}),
        frozenset({("asterisk", "en", "digits/4")}),
    )
    two = leaving.Scored("two", frozenset(), inside={"en": frozenset({("ice", "cream"), ("cat",)})})
    cases = {
        "recording of a scored set": said("anything", "digits/4"),
        "same file as a recording of a scored set": said("anything else", "s/1"),
        "transcript of a scored set": said("UN, CHAT", "s/2", "it"),
        "contains a test word": said("The cat's ice", "s/3"),
    }
    near = [
        said("anything", "digits/4", "fr"),
        said("un chat noir", "s/4"),
        said("ice, a cream; cats", "s/5"),
        said("the cat", "s/6", "fr"),
    ]
    utterances = [*cases.values(), *near, said("some ICE CREAM", "s/7")]
    texts = {u.id: u.text for u in utterances}
    files = {u.id: "hash" if u.recording == "s/1" else u.id for u in utterances}
    found = leaving.left_out(utterances, texts, files, [one, two])
    assert found == {u.id: why for why, u in cases.items()} | {
        "en-asterisk-s-7": "contains a test word"
    }
    assert leaving.left_out(utterances, texts, files, []) == {}
    # A file as it is made here counts too, whatever the table of the scored set says.
    files["fr-asterisk-digits-4"] = files["en-asterisk-digits-4"]
    found = leaving.left_out(utterances, texts, files, [one])
    assert found["fr-asterisk-digits-4"] == "same file as a recording of a scored set"


def test_words_are_compared_without_case_marks_and_yo():
    assert words("Ёж — зверь.") == words("еж, ЗВЕРЬ!")
    assert words("cafe\u0301") == words("CAFÉ") != words("cafe")


def test_a_readable_set_gives_what_may_not_be_trained_on(tools, folder, change):
    change(2, attributes={"prompt": "digits/2"})
    change(3, concept="animals/dog", attributes={"stamp": "x.ogg"})
    some = read_stimuli(folder)
    held = StimulusSet((some[0], some[1], replace(some[2], sha256="0" * 64)), "held", folder)
    scored = tools["leaving"].scored_set(held)
    assert scored.name == "held" and scored.transcripts == {("one",), ("two",)}
    assert scored.inside == {"en": {("one",)}}  # the one stimulus whose vocal tract is known
    assert scored.recordings == {
        ("asterisk", "en", "digits/2"),
        ("tuxpaint", "en", "animals/dog"),
    }
    assert scored.sha256 == {"0" * 64}


def test_concepts_need_not_be_made_to_be_left_out(tools, tmp_path):
    (tmp_path / "concepts.tsv").write_text("concept\na/dog\n")
    (tmp_path / "hashes.tsv").write_text("id\tsha256\nfr-a-dog\tabc\nru-a-dog\tdef\n")
    about = tuxpaint.stamps(tmp_path) / "a/dog.txt"
    about.parent.mkdir(parents=True)
    about.write_text("A dog.\nfr.utf8=Un chien !\nru.utf8=Собака\nes.utf8=Perro", encoding="utf-8")
    scored = tools["leaving"].scored_concepts(tmp_path, tmp_path)
    assert scored.transcripts == {("un", "chien"), ("собака",)} and scored.sha256 == {"abc", "def"}
    assert scored.recordings == {("tuxpaint", "fr", "a/dog"), ("tuxpaint", "ru", "a/dog")}


def test_all_scored_sets_are_known_to_the_script(tools):
    assert set(scripted_sets()) - TRAINING == {tools["make"].CONCEPTS.name}
    assert not TRAINING & shipped_sets().keys()


@pytest.mark.skipif(NAME in unmade_sets(), reason=f"{NAME} is made on the user's machine")
def test_nothing_of_a_scored_set_is_in_the_set_that_was_made(tools):
    made = read_stimuli(NAME, check_audio=False)
    utterances = [
        tools["sources"].Utterance(
            s.attributes["source"], s.language, s.attributes["recording"], Path(), s.transcript
        )
        for s in made
    ]
    assert tuple(u.id for u in utterances) == made.ids
    texts = {s.id: s.transcript for s in made}
    files = {s.id: s.sha256 for s in made}
    scored = [
        tools["leaving"].scored_set(read_stimuli(name, check_audio=False)) for name in scored_sets()
    ]
    assert tools["leaving"].left_out(utterances, texts, files, scored) == {}
    assert all(s.phones for s in made)
    # The near miss: it is found where it is.
    fault = {made.ids[0]: "transcript of a scored set"}
    texts[made.ids[0]] = "zero"
    assert tools["leaving"].left_out(utterances, texts, files, scored) == fault


# Sources


def test_sources_list_every_recording_with_its_text(tools, tmp_path):
    sources = tools["sources"]
    for voice in asterisk.LANGUAGES:
        scripts = voice.scripts(tmp_path)
        scripts.parent.mkdir(parents=True)
        scripts.write_bytes(gzip.compress(b"a/b: One 2.\ndigits/h-40: fourtieth\n"))
        for prompt in ("a/b", "digits/h-40", "x"):
            path = voice.sound(tmp_path, prompt)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    prompts = [u for u in sources.SOURCES["asterisk"].utterances(tmp_path) if u.language == "en"]
    # The second as `spoken-prompts` corrects it.
    assert [u.text for u in prompts] == ["one two", "fortieth", ""]
    assert prompts[0].id == "en-asterisk-a-b" and prompts[0].speaker == "Allison Smith"
    assert prompts[0].audio == "audio/en/asterisk/a-b.flac"

    stamps = tuxpaint.stamps(tmp_path)
    (stamps / "a").mkdir(parents=True)
    (stamps / "a/cat.txt").write_text("A cat.\nro.utf8=O pisică !", encoding="utf-8")
    for name in (
        "a/cat_desc_ro.ogg",
        "a/cat_desc_bg.ogg",
        "a/dog_desc_ro.ogg",
        "a/cat_desc_en.ogg",
    ):
        (stamps / name).touch()
    found = sources.SOURCES["tuxpaint"].utterances(tmp_path)
    assert [(u.language, u.recording, u.text) for u in found] == [
        ("ro", "a/cat", "O pisică"),
        ("ro", "a/dog", ""),
        ("bg", "a/cat", ""),
    ]

    voice = tmp_path / sources.VOICE
    (voice / "etc").mkdir(parents=True)
    (voice / "wav").mkdir()
    (voice / "wav/ru_1.wav").touch()
    lines = voice / "etc/txt.done.data"
    lines.write_text('( ru_1 "+Окна дом+ов." )\n', encoding="utf-8")
    (sentence,) = sources.SOURCES["festvox"].utterances(tmp_path)
    assert (sentence.id, sentence.text) == ("ru-festvox-ru_1", "Окна домов.")
    lines.write_text("ru_1 Окна\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"txt\.done\.data, line 1: found 'ru_1 Окна', needed"):
        sources.SOURCES["festvox"].utterances(tmp_path)


def test_packages_are_pinned(tools):
    packages = [p for source in tools["sources"].SOURCES.values() for p in source.packages]
    assert len({p.name for p in packages}) == len(packages) == 12
    assert all(re.fullmatch("[0-9a-f]{64}", p.sha256) for p in packages)


# Making


@pytest.fixture
def small(tools, said, tmp_path, monkeypatch):
    """Recordings of noise, in the place of the three sources: 22 Russian and two French ones."""
    make, rng = tools["make"], np.random.default_rng(0)
    texts = [f"{'слово ' * (2 + k % 4)}{'абвгдежзиклмнопрстуф'[k]}" for k in range(20)] + [""]
    utterances = []
    for k, text in enumerate(texts):
        seconds = 0.1 * (1 + len(text.split())) * rng.uniform(0.9, 1.1) * (1.8 if k == 4 else 1)
        quiet = 1e-4 * rng.standard_normal(8000)
        loud = 0.1 * rng.standard_normal(round(16_000 * seconds))
        path = tmp_path / f"{k}.wav"
        soundfile.write(path, np.concatenate([quiet, loud, quiet]), 16_000, "PCM_16")
        utterances.append(replace(said(text, f"u/{k}", "ru", "festvox"), path=path))
    utterances.append(replace(utterances[3], recording="u/again"))
    stereo, rate = np.stack([loud, loud], axis=1), 44_100
    for name, gain in (("stamp", 1.0), ("overdriven", 40.0)):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, gain * stereo, rate, "FLOAT")
        utterances.append(replace(said(name, name, "fr", "tuxpaint"), path=path))
    source = tools["sources"].Source("festvox", (), lambda root: utterances)
    scored = tools["leaving"].Scored("held", frozenset({words(texts[7])}))
    here = tmp_path / "here"
    here.mkdir()
    (here / "repairs.tsv").write_text("language\trecording\twas\tis\twhy\nru\t*\tж\tжж\tx\n")
    (here / "unusable.tsv").write_text("language\tsource\trecording\treason\twhy\n")
    monkeypatch.setattr(make, "HERE", here)
    monkeypatch.setattr(make, "TOOLS", ())
    monkeypatch.setattr(make, "SOURCES", {"festvox": source})
    monkeypatch.setattr(make, "unpack", lambda debs, root: None)
    monkeypatch.setattr(make, "shipped_sets", dict)
    monkeypatch.setattr(make, "scored_concepts", lambda folder, root: scored)
    monkeypatch.setattr(
        make, "phones", lambda texts, code: [tuple("a" * len(t.split())) for t in texts]
    )
    return here


def test_a_set_is_made_whole_and_a_second_one_equals_it(small, tools, tmp_path, capsys):
    make = tools["make"]
    one, two = tmp_path / "one", tmp_path / "two"
    assert make.main(["--out", str(one), "--rehash"]) == 0
    assert make.main(["--out", str(two)]) == 0
    assert differences(one, two) == [] and validate(one) == []
    printed = capsys.readouterr().out
    assert f"19 recordings, 0.00 h, in {two}: 19 equal to the byte" in printed
    assert "left out, the same file again: 1, 0.0 min" in printed
    rows = read_rows(one / "exclusions.tsv")
    assert {(r["language"], r["reason"]): r["utterances"] for r in rows} == {
        ("fr", "beyond full scale"): "1",
        ("ru", "no transcript"): "1",
        ("ru", "odd duration"): "1",
        ("ru", "the same file again"): "1",
        ("ru", "transcript of a scored set"): "1",
    }
    stimuli = read_stimuli(one)
    assert not {"ru-festvox-u-4", "ru-festvox-u-7", "ru-festvox-u-again"} & set(stimuli.ids)
    first = stimuli[0]
    assert first.audio_path == "audio/ru/festvox/u-0.flac" and first.speaker == "Ann"
    assert dict(first.attributes) == {"source": "festvox", "recording": "u/0"}
    assert first.duration == pytest.approx(0.4 + 0.2, abs=0.06)  # trimmed to the speech
    assert stimuli[stimuli.ids.index("ru-festvox-u-6")].transcript.endswith(" жж")
    assert stimuli[-1].speaker == "reader credited to Jacques Chion"


def test_a_recording_that_misses_leaves_no_manifest(small, tools, tmp_path):
    make, out = tools["make"], tmp_path / "out"
    assert make.main(["--out", str(out), "--rehash"]) == 0
    (out / "manifest.jsonl").unlink()
    known = (small / "hashes.tsv").read_text()
    (small / "hashes.tsv").write_text(known + known.splitlines()[-1].replace("fr-", "it-") + "\n")
    with pytest.raises(UserError, match=r"1 of 20 clips are not .*first is it-.*no manifest"):
        make.main(["--out", str(out)])
    assert not (out / "manifest.jsonl").exists()
    with pytest.raises(UserError, match="is shipped, and the recordings may not be"):
        make.main(["--out", str(small / "audio")])


def test_licences_of_the_packages_lie_beside_the_recordings(tools, tmp_path):
    for source in tools["sources"].SOURCES.values():
        for package in source.packages:
            stated = tmp_path / "usr/share/doc" / package.name / "copyright"
            stated.parent.mkdir(parents=True)
            stated.write_text(package.name)
    tools["make"].copy_licences(tmp_path, tmp_path / "out")
    assert (tmp_path / "out/copyright/festvox-ru").read_text() == "festvox-ru"
    assert len(list((tmp_path / "out/copyright").iterdir())) == 12


def test_examples_in_docstrings_hold(tools):
    for module in tools.values():
        assert doctest.testmod(module).failed == 0
