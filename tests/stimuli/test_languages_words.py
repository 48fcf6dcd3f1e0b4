"""The words of `vocal-tract-languages`, how they are written in phones, and how heard is judged."""

from __future__ import annotations

import csv
import doctest
import importlib
import json
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.spaces.phones import ipa_from_arpabet, phone_distances
from grounding.stimuli.simulator.inventories import INVENTORIES

STIMULI = Path(__file__).parents[2] / "stimuli"
FOLDER = STIMULI / "vocal-tract-languages"
LANGUAGES = ("de", "es", "it", "fr", "ru")
MODULES = ("pronounce", "recognise")


def rows(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def bare(row):
    return tuple(phone.lstrip("ˈˌ") for phone in row["phones"].split())


@pytest.fixture(scope="module")
def words():
    return rows(FOLDER / "words.tsv")


@pytest.fixture(scope="module")
def english():
    return {row["word"]: row for row in rows(STIMULI / "vocal-tract-words" / "words.tsv")}


@pytest.fixture(scope="module")
def tools():
    """The folder's modules by name, imported as its scripts import them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)
        yield {name: importlib.import_module(name) for name in MODULES}
        for name in MODULES:
            sys.modules.pop(name, None)


def test_each_concept_is_an_english_word_of_that_sense_and_has_five_names(words, english):
    concepts = Counter(row["concept"] for row in words)
    assert 120 <= len(concepts) <= 130 and set(concepts.values()) == {len(LANGUAGES)}
    assert {(row["concept"], row["language"]) for row in words} == {
        (concept, language) for concept in concepts for language in LANGUAGES
    }
    assert all(english[row["concept"]]["synset"] == row["synset"] for row in words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_no_two_names_alike_and_all_its_phones(words, language):
    own = [row for row in words if row["language"] == language]
    assert len({row["word"] for row in own}) == len({bare(row) for row in own}) == len(own)
    inventory = INVENTORIES[language]
    for row in own:
        assert unicodedata.is_normalized("NFC", row["word"]) and row["word"].isalpha()
        assert (row["word"][0].isupper(), row["word"][1:].islower()) == (language == "de", True)
        found = [inventory.split(symbol) for symbol in row["phones"].split()]
        assert all(phone in inventory.phones for phone, _ in found), row
        assert sum(stress == 1 for _, stress in found) == 1, row
        nuclei = sum(inventory.phones[phone].kind == "vowel" for phone, _ in found)
        assert nuclei == int(row["syllables"]) <= 4, row
        assert all(inventory.phones[phone].kind == "vowel" for phone, stress in found if stress)


def test_cognates_are_those_within_the_stated_distance(words, english, tools):
    said = {(row["concept"], row["language"]): bare(row) for row in words}
    said |= {
        (concept, "en"): ipa_from_arpabet(english[concept]["arpabet"].split())
        for concept in {row["concept"] for row in words}
    }
    distances = phone_distances([[p.replace("ː", "") for p in phones] for phones in said.values()])
    near = distances < tools["pronounce"].COGNATE
    names = list(said)
    for row in words:
        i = names.index((row["concept"], row["language"]))
        found = {names[j][1] for j in np.flatnonzero(near[i]) if names[j][0] == row["concept"]}
        assert set(filter(None, row["cognate"].split(","))) == found - {row["language"]}
        assert len(found - {"en"}) < 3  # no name sounds like most of the others


@pytest.mark.parametrize(
    ("language", "word", "espeak", "expected"),
    [
        ("de", "Eule", "ˈɔ ø l ə", "ˈɔʏ l ə"),
        ("de", "Stern", "ʃ t ˈɛ ɾ n", "ʃ t ˈɛ ɐ̯ n"),
        ("de", "Peitsche", "p ˈa ɪ t ʃ ə", "p ˈaɪ t͡ʃ ə"),
        ("es", "gallina", "ɡ a j j ˈi n a", "ɡ a ʝ ˈi n a"),
        ("es", "pared", "p a ɾ ˈe d", "p a ɾ ˈe ð"),
        ("es", "cuenco", "k w ˈɛ n k o", "k w ˈe ŋ k o"),
        ("it", "coltello", "k o l t ˈɛ l l o", "k o l t ˈɛ lː o"),
        ("it", "pidocchio", "p i d ˈɔ kː i o", "p i d ˈɔ kː j o"),
        ("it", "pesce", "p ˈe ʃ e", "p ˈe ʃː e"),
        ("fr", "pluie", "p l y ˈi", "p l ɥ ˈi"),
        ("fr", "côte", "k ˈoː t", "k ˈo t"),
        ("ru", "собака", "s ʌ b ˈɑ k a", "s ɐ b ˈa k ə"),
        ("ru", "голубь", "ɡ ˈo lˠ u p", "ɡ ˈo lˠ ʊ pʲ"),
        ("ru", "ягнёнок", "j a ɡ nʲ ˈɵ n ʌ k", "j ɪ ɡ nʲ ˈo n ə k"),
        ("ru", "судья", "s u dʲ j ˈj a", "s ʊ dʲ j ˈa"),
    ],
)
def test_phones_of_espeak_are_written_in_one_notation(tools, language, word, espeak, expected):
    assert tools["pronounce"].rewrite(espeak.split(), word, language) == tuple(expected.split())


def test_a_correction_stands_for_a_word_of_the_table_that_espeak_gets_wrong(tools, words):
    table = {(row["language"], row["word"]): row["phones"] for row in words}
    corrections = tools["pronounce"].CORRECTIONS
    stale = {key for key in corrections if key not in table}
    assert not stale
    assert all(table[key] == phones for key, (phones, _) in corrections.items())
    assert all(reason for _, reason in corrections.values())


def test_a_table_with_a_hole_is_refused(tools, words, english, monkeypatch):
    pronounce = tools["pronounce"]
    monkeypatch.setattr(pronounce, "pronounce", lambda w, language: [("ˈa",)] * len(w))
    arpabet = {word: row["arpabet"] for word, row in english.items()}
    own = [row for row in words if row["concept"] == "bear"]
    done = pronounce.complete(own, arpabet)
    assert [row["syllables"] for row in done] == ["1"] * 5
    assert done[0]["cognate"] == "es,it,fr,ru"
    with pytest.raises(UserError, match=r"'bear' has words in es it fr ru; needed: one in each of"):
        pronounce.complete(own[1:], arpabet)


def test_what_was_heard_is_judged_by_spelling_then_by_sound(tools, monkeypatch):
    recognise = tools["recognise"]
    assert all(doctest.testmod(tools[name]).failed == 0 for name in MODULES)
    known = {"sohn nee": ["z", "oː", "n", "eː"], "hunt": ["h", "ˈʊ", "n", "t"]}
    monkeypatch.setattr(recognise, "pronounce", lambda texts, language: [known[texts[0]]])
    row = {"language": "de", "word": "Hund", "phones": "h ˈʊ n t"}
    scores, names = np.array([-2.0, -1.0]), ["Hund", "Katze"]
    spelt = recognise.judge(row, " Hund!", scores, names)
    assert (spelt["correct"], spelt["rank"], spelt["margin"]) == (True, 2, -1.0)
    sounded = recognise.judge(row, "Hunt.", scores, names)
    assert (sounded["heard"], sounded["correct"]) == ("hunt", True)
    other = recognise.judge(row, "Sohn-Nee", scores, names)
    assert (other["correct"], other["recognised"], other["phone_similarity"]) == (
        False,
        False,
        0.25,
    )
    assert recognise.judge(row, "犬", scores, names)["phone_similarity"] == 0.0


def test_russian_yo_may_be_written_as_ye(tools):
    row = {"language": "ru", "word": "лёд", "phones": "lʲ ˈo t"}
    assert tools["recognise"].judge(row, "Лед.", np.array([0.0, -1.0]), ["лёд", "снег"])["correct"]


def test_a_text_without_phones_of_the_language_has_none(tools, monkeypatch):
    def refuse(texts, language):
        raise ValueError("ru: panphon does not know all of it")

    monkeypatch.setattr(tools["recognise"], "pronounce", refuse)
    tools["recognise"].sounds.cache_clear()
    assert tools["recognise"].sounds("ы", "ru") == () == tools["recognise"].sounds("", "ru")


def test_what_was_heard_adds_up(words):
    heard = json.loads((FOLDER / "heard.json").read_text(encoding="utf-8"))
    assert all(f["recognised"] == (f["correct"] or f["rank"] == 1) for f in heard.values())
    assert all(1 <= f["rank"] <= len(words) // len(LANGUAGES) for f in heard.values())
