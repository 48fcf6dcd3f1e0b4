"""`spoken-concepts`: what is shipped, how a set is made of it, and what stands in for it before."""

from __future__ import annotations

import csv
import doctest
import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import grounding.stimuli.sets as sets
from grounding.commands.stimuli import app
from grounding.errors import AudioError, ManifestError, UnknownName, UserError
from grounding.files import cache_folder
from grounding.spaces import spaces
from grounding.stimuli import read_stimuli, shipped_sets, validate
from grounding.stimuli.recorded import hashes, tuxpaint
from grounding.stimuli.recorded.folders import differences
from grounding.stimuli.sets import made_folder, unmade_sets

NAME = "spoken-concepts"
HERE = Path(__file__).parents[2] / "stimuli" / NAME
LANGUAGES = ("fr", "es", "ru")
MODULES = ("make", "marks")
TEXTS = {
    "a/dog": ("A dog.", {"fr": "Un chien.", "es": "Un perro.", "ru": "Собака.", "it": "Un cane."}),
    "a/b/cat": ("A cat!", {"fr": "Un  chat !", "es": "¡Un gato!", "ru": "Кот", "it": "Un gatto."}),
    "c/sun": ("The Sun.", {"fr": "Le soleil.", "es": "El sol.", "ru": "Солнце.", "it": "Il Sole."}),
}


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


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
def cache(tmp_path, monkeypatch):
    """A cache of the test's own, in which nothing was made."""
    monkeypatch.setenv("GROUNDING_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def script(cache, tmp_path, monkeypatch):
    """The script of the one set that comes with the package, in the place of all others."""
    place = tmp_path / "place"
    (place / NAME).mkdir(parents=True)
    (place / NAME / sets.HASHES).touch()
    monkeypatch.setattr(sets, "PLACES", (place,))
    return place / NAME / "make.py"


# What is shipped


def test_nothing_of_the_package_is_shipped():
    assert not [p for p in HERE.rglob("*") if p.suffix in {".flac", ".ogg", ".wav", ".jsonl"}]
    shipped = [p for p in HERE.glob("*.*") if p.suffix in {".tsv", ".py", ".txt"}]
    for text in ("grenouille", "лягушка", "hormiga"):
        assert not [p.name for p in shipped if text in p.read_text(encoding="utf-8").casefold()]


def test_every_concept_has_the_hash_of_a_clip_in_every_language(tools):
    concepts = [row["concept"] for row in rows("concepts.tsv")]
    assert len(concepts) == len(set(concepts)) == 372
    ids = [f"{code}-{tools['make'].stem(c)}" for code in LANGUAGES for c in concepts]
    known = rows("hashes.tsv")
    assert [row["id"] for row in known] == ids and len(set(ids)) == len(ids)
    for row in known:
        assert tuple(row) == hashes.COLUMNS
        assert re.fullmatch("[0-9a-f]{64}", row["sha256"])
        assert re.fullmatch("[0-9a-f]{16}", row["samples_sha256"])
        assert 0.3 < int(row["samples"]) / 16_000 < 4 and len(row["levels"].split()) == 8


def test_marks_are_of_concepts_of_the_set():
    concepts = {row["concept"] for row in rows("concepts.tsv")}
    found = rows("marks.tsv")
    assert len({(row["language"], row["concept"]) for row in found}) == len(found) == 30
    for row in found:
        assert row["concept"] in concepts and row["language"] in LANGUAGES
        assert row["mark"] == "other-meaning" and row["why"]


# Before it is made, and after


def test_a_set_that_is_not_made_yet_is_one_clear_sentence(cache):
    assert NAME in unmade_sets() and NAME not in shipped_sets()
    where = re.escape(str(cache / "stimuli" / NAME))
    with pytest.raises(
        ManifestError,
        match=rf"'{NAME}' is not shipped but made .*not in {where} yet.*python .*make\.py'",
    ):
        read_stimuli(NAME)
    with pytest.raises(UnknownName, match=f"Did you mean '{NAME}'"):
        read_stimuli("spoken-concept")


def test_the_list_says_what_is_not_made_and_how_it_is_made(script):
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 0, result.exception
    assert result.output.splitlines()[1:] == [
        f"{NAME}\tnot made yet\t\t\t",
        f"{NAME} is not shipped; make it with: python {script}",
    ]


def test_a_set_that_was_made_is_found_by_its_name(script, folder):
    made_folder(NAME).parent.mkdir(parents=True)
    folder.rename(made_folder(NAME))
    assert made_folder(NAME).is_relative_to(cache_folder()) and NAME not in unmade_sets()
    stimuli = read_stimuli(NAME)
    assert (stimuli.name, stimuli.folder, len(stimuli)) == (NAME, made_folder(NAME), 3)
    lines = CliRunner().invoke(app, ["list"]).output.splitlines()
    assert lines[1:] == [f"{NAME}\t3\t2\ten\t1"]


# Marks


def test_noise_and_full_scale_are_marked(tools):
    marks = tools["marks"]
    assert marks.noisy(19.9) and not marks.noisy(20.1)
    assert marks.clipped(np.array([[0.2, -1.01]])) and not marks.clipped(np.ones((2, 2)))


def test_two_concepts_of_one_transcript_are_refused(tools):
    with pytest.raises(UserError, match=r"fr: a and b both say 'Un chat'; take one out"):
        tools["make"].distinct({"a": "un chat", "b": "Un chat"}, "fr")


# Making


@pytest.fixture
def package(tools, tmp_path, monkeypatch):
    """A small package of three stamps, unpacked in the place of the real one."""
    make = tools["make"]

    def unpack(debs, root):
        rng = np.random.default_rng(0)
        for k, (concept, (english, others)) in enumerate(TEXTS.items()):
            path = tuxpaint.stamps(root) / f"{concept}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [english, *(f"{code}.utf8={text}" for code, text in others.items())]
            path.write_text("\n".join(lines), encoding="utf-8")
            for code in LANGUAGES:
                quiet, loud = (0.001 * rng.standard_normal(9000) for _ in "ab")
                loud = 100 * np.tile(loud, 2 + k)
                one = np.concatenate([quiet, loud, quiet])
                left = 0 * one if (code, concept) != ("fr", "c/sun") else one
                soundfile.write(
                    path.parent / f"{path.stem}_desc_{code}.ogg",
                    np.stack([left, one], axis=1),
                    44_100,
                    "VORBIS",
                    format="OGG",
                )

    here = tmp_path / "here"
    here.mkdir()
    (here / "concepts.tsv").write_text("".join(f"{c}\n" for c in ("concept", *TEXTS)))
    (here / "marks.tsv").write_text("language\tconcept\tmark\twhy\nes\ta/dog\tother-meaning\tx\n")
    monkeypatch.setattr(make, "HERE", here)
    monkeypatch.setattr(make, "TOOLS", ())
    monkeypatch.setattr(make, "fetch", lambda package, cache: cache)
    monkeypatch.setattr(make, "unpack", unpack)
    monkeypatch.setattr(make, "copy_licence", lambda root, out: None)
    monkeypatch.setattr(
        make, "phones", lambda texts, code: [tuple(t.replace(" ", "")) for t in texts]
    )
    return here


def test_a_set_is_made_whole_and_a_second_one_equals_it(package, tools, tmp_path, capsys):
    make = tools["make"]
    one, two = tmp_path / "one", tmp_path / "two"
    assert make.main(["--out", str(one), "--rehash"]) == 0
    assert make.main(["--out", str(two)]) == 0
    assert f"9 clips in {two}: 9 equal to the byte, 0 more" in capsys.readouterr().out
    assert differences(one, two) == [] and validate(one) == []
    stimuli = read_stimuli(one)
    assert [s.id for s in stimuli[:3]] == ["fr-a-dog", "fr-a-b-cat", "fr-c-sun"]
    cat = stimuli[1]
    assert (cat.transcript, cat.concept, cat.rate) == ("Un chat", "a/b/cat", 16_000)
    assert dict(cat.attributes) == {
        "english": "A cat!",
        "italian": "Un gatto.",
        "category": "a/b",
        "stamp": "a/b/cat_desc_fr.ogg",
    }
    speakers = [s.speaker for s in stimuli if s.language == "fr"]
    assert speakers == ["PaulK", "PaulK", "reader credited to Jacques Chion"]
    assert [s.id for s in stimuli if "other-meaning" in s.marks] == ["es-a-dog"]
    assert cat.duration == pytest.approx(27_000 / 44_100 + 0.2, abs=0.03)
    assert np.sqrt((cat.audio[2000:-2000] ** 2).mean()) == pytest.approx(
        0.07 * np.sqrt(16 / 44.1), rel=0.1
    )
    assert "concept" in spaces(stimuli) and "language" in spaces(stimuli)


def test_a_clip_of_another_sound_leaves_no_manifest(package, tools, tmp_path, capsys):
    make = tools["make"]
    out = tmp_path / "out"
    with pytest.raises(SystemExit, match="2"):
        make.main(["--out", str(out), "--only", "fr", "--rehash"])
    assert "--rehash needs all languages" in capsys.readouterr().err
    (package / "hashes.tsv").write_text(hashes.table([]))
    with pytest.raises(UserError, match=r"3 of 3 clips are not .*no manifest was written"):
        make.main(["--out", str(out), "--only", "ru"])
    assert not (out / "manifest.jsonl").exists()
    with pytest.raises(UserError, match=r"is shipped, and the clips may not be"):
        make.main(["--out", str(package / "audio")])


def test_a_clip_that_is_too_loud_is_named(tools, tmp_path, monkeypatch):
    path = tmp_path / "x_desc_es.ogg"
    path.touch()
    loud = 2 * np.ones((16_000, 2), np.float32)
    monkeypatch.setattr(tools["make"], "decode_vorbis", lambda path: (loud, 16_000))
    with pytest.raises(AudioError, match=r"x_desc_es\.ogg peaks at 2\.000 of full scale"):
        tools["make"].clip(path, tuxpaint.READERS["es"])


def test_examples_in_docstrings_hold(tools):
    for module in tools.values():
        assert doctest.testmod(module).failed == 0
