"""Tiny arms on the toy words: what a test can train in a second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grounding.stimuli import StimulusSet, read_stimuli
from grounding.twins import ARMS, read_arms
from grounding.twins.corpus import build_corpus

TINY = {
    "stimuli": "",
    "units": 8,
    "layers": 1,
    "width": 16,
    "heads": 2,
    "feed_forward": 16,
    "kernel": 3,
    "updates": 12,
    "batch": 512,
    "rate": 3e-3,
    "precision": "float32",
}


def silent(what, done, total):
    """Report nothing."""


@pytest.fixture
def cache(toy_cache, monkeypatch):
    """The cache folder of the tests."""
    monkeypatch.setenv("GROUNDING_CACHE", str(toy_cache))
    return toy_cache


@pytest.fixture
def words(toy_folder):
    """The toy words, in a language in which nothing is scored."""
    toy = read_stimuli(toy_folder)
    return StimulusSet(tuple(replace(one, language="eo") for one in toy), toy.name, toy.folder)


@pytest.fixture
def arm():
    """A function that gives a tiny arm."""

    def make(name="audio", **changes):
        return replace(read_arms(ARMS)[name], **(TINY | changes))

    return make


@pytest.fixture
def corpus(arm, words, cache):
    """A function that gives the corpus of a tiny arm."""
    return lambda name="audio", **changes: build_corpus(arm(name, **changes), words, silent)
