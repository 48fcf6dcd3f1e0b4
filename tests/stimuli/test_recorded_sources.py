"""Packages of recorded speech that several sets are made of: scripts, stamps, durations, hashes."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.stimuli.recorded import asterisk, hashes, scripts, tuxpaint
from grounding.stimuli.recorded.durations import unexpected

# Asterisk's prompts


def test_a_script_is_written_as_it_is_spoken():
    style = scripts.in_one_style
    assert style("... Has joined,  press 1...", "en") == "has joined, press one"
    assert style("¿En qué carpeta ?", "es") == "¿en qué carpeta?"
    assert style("Нажмите «звёздочку» или 9.", "ru") == "нажмите звёздочку или девять"
    assert style("dall’interno", "it") == "dall'interno"
    assert style("Sunday", "en") == "Sunday" and style("Dimanche", "fr") == "dimanche"
    assert style("A.M.", "fr") == "A.M." and style("P.M.", "en") == "P.M."


def test_a_correction_of_another_script_is_refused():
    change = scripts.Correction("es", "vm-no", "nó", "no", "accent")
    changes = {("es", "vm-no"): change}
    assert scripts.transcripts({"vm-no": "nó"}, changes, ("vm-no",), "es") == {"vm-no": "no"}
    with pytest.raises(ValueError, match="upstream has 'No', not 'nó'"):
        scripts.transcripts({"vm-no": "No"}, changes, ("vm-no",), "es")
    with pytest.raises(ValueError, match="no script"):
        scripts.transcripts({}, {}, ("vm-no",), "es")
    with pytest.raises(ValueError, match="a and b both say 'no'"):
        scripts.transcripts({"a": "No.", "b": "no"}, {}, ("a", "b"), "es")
    with pytest.raises(ValueError, match="needs a change, a why"):
        scripts.Correction("es", "vm-no", "no", "no", "accent")


def test_two_corrections_of_one_script_are_refused(tmp_path):
    table = tmp_path / "corrections.tsv"
    line = "es\tvm-no\tnó\tno\taccent\n"
    table.write_text("language\tprompt_id\twas\tis\twhy\n" + line + line, encoding="utf-8")
    with pytest.raises(ValueError, match="two corrections of es vm-no"):
        scripts.read_corrections(table)


def test_upstream_scripts_are_read_and_other_lines_refused(tmp_path):
    read = scripts.read_scripts
    path = tmp_path / "core.txt.gz"
    path.write_bytes(gzip.compress("\ufeff; note\n\na/b: One: two \na/b: three\n".encode()))
    assert read(path) == {"a/b": "One: two"}
    path.write_bytes(gzip.compress(b"no colon here\n"))
    with pytest.raises(ValueError, match="line 1: found 'no colon here'"):
        read(path)


def test_packages_are_pinned_and_two_a_language():
    names = {package.name for package in asterisk.PACKAGES}
    stem = "asterisk-core-sounds"
    assert names == {
        f"{stem}-{code}{end}" for code in ("en", "fr", "es", "it", "ru") for end in ("", "-g722")
    }
    assert all(len(package.sha256) == 64 for package in asterisk.PACKAGES)


# Tux Paint's stamps


def test_texts_are_read_by_code_with_single_spaces(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("A cat.\nfr.utf8=Un  chat !\nfr.utf8=Autre.\nno text\nes.utf8=Un niño\n")
    texts = tuxpaint.read_texts(path)
    assert texts == {"en": "A cat.", "fr": "Un chat !", "es": "Un niño"}
    path.write_text("")
    with pytest.raises(UserError, match=r"a\.txt: no text in line 1"):
        tuxpaint.read_texts(path)


def test_the_french_reader_is_told_by_the_empty_channel():
    french, spanish = tuxpaint.READERS["fr"], tuxpaint.READERS["es"]
    both, right = np.ones((4, 2)), np.array([[0.0, 1.0]] * 4)
    assert tuxpaint.speaker(french, right) == "PaulK"
    assert tuxpaint.speaker(french, both) == "reader credited to Jacques Chion"
    assert tuxpaint.speaker(spanish, both) == "Estefanía Ortiz"


# Durations and hashes


def test_only_a_clip_of_odd_length_is_unexpected():
    rng = np.random.default_rng(0)
    phones = rng.integers(3, 20, 200).astype(float)
    seconds = 0.1 * phones**0.8 * np.exp(0.1 * rng.standard_normal(200))
    seconds[7] = 0.1 * phones[7] ** 0.8
    assert not unexpected(seconds, phones)[7]
    for factor in (2.0, 0.5):
        changed = seconds.copy()
        changed[7] *= factor
        assert np.flatnonzero(unexpected(changed, phones)).tolist() == [7]


def test_other_bytes_other_samples_and_other_clips_are_told_apart():
    rng = np.random.default_rng(0)
    clips = {n: rng.integers(-9000, 9000, 1600).astype(np.int16) for n in "abcde"}
    known = [hashes.row(n, clip, clip.tobytes()) for n, clip in clips.items()]
    assert hashes.compare(known, known) == hashes.Comparison(5, 0, 0, ())
    last_bit, louder = clips["c"] + np.int16(1), (clips["d"] * 1.05).astype(np.int16)
    made = [
        known[0],
        hashes.row("b", clips["b"], b"other"),
        hashes.row("c", last_bit, b"other"),
        hashes.row("d", louder, b"other"),
        hashes.row("e", clips["e"][:-1], b"other"),
        hashes.row("f", clips["e"], b"other"),
    ]
    assert hashes.compare(made, known) == hashes.Comparison(1, 1, 1, ("d", "e", "f"))
    with pytest.raises(UserError, match=r"3 of 6 clips are not what hashes\.tsv.*first is d"):
        hashes.verify(made, known)
    assert hashes.verify(known[:2], known).startswith("2 equal to the byte, 0 more in every sample")
    with pytest.raises(UserError, match=r"3 of 5 clips are not .*first is c\)"):
        hashes.verify(known[:2], known, whole=True)
    assert hashes.table(known).splitlines()[0].split("\t") == list(hashes.COLUMNS)
    assert hashes.part_levels(np.zeros(80, np.int16)).tolist() == [-100.0] * 8
