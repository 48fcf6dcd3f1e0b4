"""Static embeddings: word vectors from text files, and the input table of a model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.unknown import unknown_rate
from grounding.errors import UserError, WeightsError

LINES = "cat 1 2 3\nthe 0.5 -1 1e-3\nHund 4 5 6\nl'eau 7 8 9\n"


def says(transcript: str, language: str = "en"):
    return SimpleNamespace(id="x", transcript=transcript, language=language, phones=None)


@pytest.fixture
def vectors(tmp_path):
    """A function that writes a file of vectors and loads it."""

    def write(content: str | bytes, **wishes):
        path = tmp_path / "words.vec"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_encoder(f"vectors:{path}", **wishes)

    return write


@pytest.mark.parametrize("header", ["", "4 3\n"])
def test_each_word_is_its_line_with_or_without_a_header(header, vectors):
    encoder = vectors(header + LINES)
    assert encoder.layers == ("embedding",) and encoder.name == "vectors:words.vec"
    found = encoder.encode([says("The cat, the Hund"), says("l'eau")])
    expected = [[0.5, -1, 1e-3], [1, 2, 3], [0.5, -1, 1e-3], [4, 5, 6]]
    np.testing.assert_allclose(found[0], [expected], rtol=1e-6)
    np.testing.assert_allclose(found[1], [[[7, 8, 9]]])
    assert found[0].dtype == np.float32
    assert encoder.encode([says("cat")], layers=[])[0].shape == (0, 1, 3)
    steps = encoder.steps(says("The cat, the Hund"))
    assert list(zip(steps.start, steps.end, strict=True)) == [(0, 3), (4, 7), (9, 12), (13, 17)]


def test_the_file_decides_the_revision_and_a_seed_draws_others(vectors):
    first = vectors(LINES)
    revision, given = first.revision, first.encode([says("cat")])[0]
    assert len(first.provenance["weights_sha256"]) == 64
    drawn = vectors(LINES, weights="random", seed=1)
    again = vectors(LINES, weights="random", seed=1).encode([says("cat the")])[0]
    np.testing.assert_array_equal(drawn.encode([says("cat the")])[0], again)
    assert drawn.revision == "random-1" and np.abs(again).max() <= 0.5 / 3
    assert np.abs(again[0, 0] - given[0, 0]).max() > 0.1
    assert np.abs(again[0, 0] - again[0, 1]).max() > 1e-3
    assert vectors(LINES + "dog 1 1 1\n").revision != revision


def test_words_without_a_vector_are_refused_and_counted(vectors):
    encoder = vectors(LINES)
    with pytest.raises(UserError, match=r"no vector for 1 of 2 words of the transcript 'the dog'"):
        encoder.encode([says("the dog")])
    with pytest.raises(UserError, match=r"finds no word in the transcript '\.\.\.'"):
        encoder.steps(says("..."))
    heard = [says("the dog"), says("cat"), says("Hund", "de")]
    assert unknown_rate(encoder, heard) == {"de": 0.0, "en": 1 / 3}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no word vectors"),
        ("cat 1 2 3\n\n", r"words.vec:2 is no word vector: needed a word in UTF-8"),
        (b"cat 1 2\n\xff\xfe 1 2\n", r"words.vec:2 is no word vector"),
        ("cat 1 two\n", "words.vec:1 holds what is no number beside 'cat'"),
        ("the 1 2\ncat 1 2 3\n", "words.vec:2 has 3 numbers; needed 2, all finite"),
        ("the 1 2\ncat 1 nan\n", "words.vec:2 has 2 numbers; needed 2, all finite"),
    ],
)
def test_files_that_are_no_vectors_are_refused(content, message, vectors):
    with pytest.raises(WeightsError, match=message):
        vectors(content).encode([says("cat")])


def test_a_file_that_is_not_there_is_refused(vectors):
    with pytest.raises(WeightsError, match=r"there is no file 'nowhere\.vec'"):
        load_encoder("vectors:nowhere.vec")
    with pytest.raises(UserError, match="has no context; found 'say'"):
        vectors(LINES, context="say")


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_the_input_table_is_what_the_model_looks_up(name, tiny_model):
    model = load_encoder(tiny_model(name))
    table = load_encoder(f"static:{tiny_model(name)}")
    assert table.name == f"static:{name}" and table.layers == ("embedding",)
    assert table.provenance["part"] and table.revision == model.revision
    stimuli = [says("horse"), says("two cats")]
    for stimulus, rows, states in zip(
        stimuli, table.encode(stimuli), model.encode(stimuli), strict=True
    ):
        assert rows.shape == (1, *states.shape[1:])
        # Llama adds nothing to its table; BERT and GPT-2 add positions.
        assert np.allclose(rows[0], states[0], atol=1e-6) == (name == "llama")
        np.testing.assert_array_equal(table.steps(stimulus).start, model.steps(stimulus).start)
    repeated = table.encode([says("oo")])[0]
    np.testing.assert_array_equal(repeated[0, 0], repeated[0, 1])
    assert unknown_rate(table, stimuli) == {"en": 0.0}


def test_what_has_no_table_is_refused(tiny_model, monkeypatch):
    with pytest.raises(UserError, match="'toy' is no text model, so it has no table"):
        load_encoder("static:toy")
    with pytest.raises(UserError, match="has no context; found 'say'"):
        load_encoder(f"static:{tiny_model('bert')}", context="say")
    table = load_encoder(f"static:{tiny_model('bert')}")
    monkeypatch.setattr(type(table.model), "input_embeddings", None)
    with pytest.raises(UserError, match="bert has no one table of input embeddings"):
        table.encode([says("horse")])
