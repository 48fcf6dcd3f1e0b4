"""How `spoken-prompts` is made: scripts, recogniser output, packages, prompts."""

from __future__ import annotations

import doctest
import gzip
import importlib
import sys

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.stimuli import read_stimuli

LANGUAGES = ("en", "fr", "es", "it", "ru")
MODULES = ("hearing", "make", "recognise", "scripts", "upstream")


@pytest.fixture(scope="module")
def tools():
    """The folder's modules by name, imported as `make.py` imports them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(read_stimuli("spoken-prompts").folder))
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)
        found = {name: importlib.import_module(name) for name in MODULES}
        yield found
        for name in MODULES:
            sys.modules.pop(name, None)


def test_a_script_is_written_as_it_is_spoken(tools):
    style = tools["scripts"].in_one_style
    assert style("... Has joined,  press 1...", "en") == "has joined, press one"
    assert style("¿En qué carpeta ?", "es") == "¿en qué carpeta?"
    assert style("Нажмите «звёздочку» или 9.", "ru") == "нажмите звёздочку или девять"
    assert style("dall’interno", "it") == "dall'interno"
    assert style("Sunday", "en") == "Sunday" and style("Dimanche", "fr") == "dimanche"
    assert style("A.M.", "fr") == "A.M." and style("P.M.", "en") == "P.M."


def test_a_correction_of_another_script_is_refused(tools):
    scripts = tools["scripts"]
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


def test_two_corrections_of_one_script_are_refused(tools, tmp_path):
    table = tmp_path / "corrections.tsv"
    line = "es\tvm-no\tnó\tno\taccent\n"
    table.write_text("language\tprompt_id\twas\tis\twhy\n" + line + line, encoding="utf-8")
    with pytest.raises(ValueError, match="two corrections of es vm-no"):
        tools["scripts"].read_corrections(table)


def test_upstream_scripts_are_read_and_other_lines_refused(tools, tmp_path):
    read = tools["scripts"].read_scripts
    path = tmp_path / "core.txt.gz"
    path.write_bytes(gzip.compress("\ufeff; note\n\na/b: One: two \na/b: three\n".encode()))
    assert read(path) == {"a/b": "One: two"}
    path.write_bytes(gzip.compress(b"no colon here\n"))
    with pytest.raises(ValueError, match="line 1: found 'no colon here'"):
        read(path)


# What a recogniser heard


def test_edits_agree_with_a_slow_recursion(tools):
    def slow(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        same = slow(a[1:], b[1:]) + (a[0] != b[0])
        return min(same, slow(a[1:], b) + 1, slow(a, b[1:]) + 1)

    rng = np.random.default_rng(0)
    for _ in range(40):
        a, b = ("".join(rng.choice(list("xyz"), rng.integers(0, 6))) for _ in range(2))
        assert tools["hearing"].edits(a, b) == slow(a, b)


def test_figures_count_as_the_words_that_the_set_has_for_them(tools):
    judge = tools["hearing"].judge
    said = {"digits/13": "thirteen", "digits/h-13": "thirteenth"}
    for heard in ("13th", "13.", "Thirteenth!"):
        assert judge(heard, "thirteenth", "en", said, list).word_errors == 0
    assert judge("14th", "thirteenth", "en", said, list).word_errors == 1
    nothing = judge("", "thirteenth", "en", said, list)
    assert nothing.word_errors == nothing.phone_errors == 1
    near = judge("thirteent", "thirteenth", "en", said, list)
    assert near.word_errors == 1 and near.phone_errors == pytest.approx(0.1)


# Rebuilding


def test_packages_are_pinned_and_two_a_language(tools):
    names = {package.name for package in tools["upstream"].PACKAGES}
    stem = "asterisk-core-sounds"
    assert names == {f"{stem}-{code}{end}" for code in LANGUAGES for end in ("", "-g722")}
    assert all(len(package.sha256) == 64 for package in tools["upstream"].PACKAGES)


def test_another_recogniser_is_refused(tools, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"other")
    with pytest.raises(SystemExit, match=r"model\.bin has SHA-256 .* Whisper base"):
        tools["recognise"].main(["--set", str(tmp_path), "--model", str(tmp_path)])


def test_missing_tools_are_named_before_anything_is_fetched(tools, tmp_path, monkeypatch):
    make = tools["make"]
    monkeypatch.setattr(make, "TOOLS", ("json", "no_such_tool"))
    cache = tmp_path / "cache"
    with pytest.raises(UserError, match=r"not found: no_such_tool\. Run .*requirements\.txt"):
        make.main(["--out", str(tmp_path / "out"), "--cache", str(cache)])
    assert list(tmp_path.iterdir()) == []


def test_prompts_are_kept_by_their_mean_duration(tools):
    make = tools["make"]
    rate, most = make.RATE, make.LONGEST_MEAN
    short, long = make.Prompt("a/b", "phrase", "other"), make.Prompt("c", "phrase", "other")
    sounds = {(code, "a/b"): bytes(int(rate * most)) for code in LANGUAGES}
    sounds |= {(code, "c"): bytes(int(rate * most)) for code in LANGUAGES}
    sounds["ru", "c"] = bytes(int(rate * most) + 1)
    assert make.short_enough(sounds, [short, long]) == [short]
    assert short.stem == "a-b"


def test_examples_in_docstrings_hold(tools):
    for module in tools.values():
        assert doctest.testmod(module).failed == 0
