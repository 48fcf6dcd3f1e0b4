"""How `spoken-prompts` is made: recogniser output, prompts."""

from __future__ import annotations

import doctest
import importlib
import sys

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.stimuli import read_stimuli

LANGUAGES = ("en", "fr", "es", "it", "ru")
MODULES = ("hearing", "make", "recognise")


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
