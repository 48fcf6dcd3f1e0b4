"""Where tokens lie in a transcript, and which tokens are its own."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.families.text_reading import Framed, read
from grounding.encoders.unknown import unknown_rate
from grounding.errors import UserError

SPECIAL = ["<pad>", "<unk>", "<s>", "</s>"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def byte_level(trim: bool):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    listed = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġt", "Ġk"]
    vocab = {word: number for number, word in enumerate(listed)}
    coder = Tokenizer(models.BPE(vocab=vocab, merges=[("Ġ", "t"), ("Ġ", "k")]))
    coder.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    coder.post_processor = processors.ByteLevel(trim_offsets=trim)
    return PreTrainedTokenizerFast(tokenizer_object=coder)


def unigram(in_bytes: bool, *more: str):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    scored = [(word, 0.0) for word in SPECIAL]
    scored += [(letter, -6.0) for letter in LETTERS]
    scored += [("▁", -4.0), ("▁the", -2.0), *((word, -0.5) for word in more)]
    if in_bytes:
        scored += [(f"<0x{number:02X}>", -8.0) for number in range(256)]
    coder = Tokenizer(models.Unigram(scored, unk_id=1, byte_fallback=in_bytes))
    coder.normalizer = normalizers.NFKC()
    coder.pre_tokenizer = pre_tokenizers.Metaspace(split=not more)
    return PreTrainedTokenizerFast(tokenizer_object=coder, unk_token="<unk>")


def slow(made):
    """Return a tokenizer as `made`, which does not tell where its tokens are."""

    def call(texts, return_offsets_mapping, **wishes):
        assert not return_offsets_mapping
        return made(texts, **wishes)

    class Slow:
        is_fast = False
        unk_token_id = made.unk_token_id
        __call__ = staticmethod(call)

        def convert_ids_to_tokens(self, number):
            return made.convert_ids_to_tokens(int(number))

    return Slow()


def spans(tokenizer, text: str, before: str = "", after: str = "") -> list[list[int]]:
    return read(tokenizer, [Framed(text, before, after)], "m")[0].spans.tolist()


@pytest.mark.parametrize("trim", [True, False])
def test_a_byte_lies_where_its_letter_lies_and_edge_spaces_count_for_nothing(trim):
    places = spans(byte_level(trim), "né к🙂")
    n, accented, space_and_k, face = [0, 1], [1, 2], [3, 4], [4, 5]
    assert places[:3] == [n, accented, accented] and places[-4:] == [face] * 4
    assert places[3:-4] == [[2, 3], space_and_k, space_and_k]
    assert spans(byte_level(trim), "to to") == [[0, 1], [1, 2], [3, 4], [4, 5]]


def test_bytes_and_characters_are_counted():
    from transformers import ByT5Tokenizer, CanineTokenizer

    text = "né🙂"
    by_letter = [[0, 1], [1, 2], [1, 2], *([[2, 3]] * 4)]
    assert spans(ByT5Tokenizer(), text) == by_letter
    assert spans(CanineTokenizer(), text) == [[0, 1], [1, 2], [2, 3]]
    reading = read(ByT5Tokenizer(), [Framed(text, "a б ", " c")], "m")[0]
    assert reading.spans.tolist() == by_letter
    assert bytes(reading.ids[k] - 3 for k in reading.kept).decode() == text


def test_the_space_that_a_tokenizer_puts_before_a_text_lies_before_it():
    assert spans(unigram(False), "cat")[:2] == [[-1, 0], [0, 1]]
    assert spans(unigram(False), "the the") == [[0, 3], [4, 7]]


def test_letters_spelt_in_bytes_are_told_apart():
    places = spans(unigram(True), "кот")
    assert places == [[-1, 0], *(2 * [[0, 1]]), *(2 * [[1, 2]]), *(2 * [[2, 3]])]


def test_a_letter_that_is_rewritten_as_two_is_the_place_of_both():
    assert spans(unigram(False), "ﬁn")[1:] == [[0, 1], [0, 1], [1, 2]]


def test_pieces_that_are_the_text_have_places_without_being_told():
    told = unigram(False)
    assert spans(slow(told), "the cat") == spans(told, "the cat")
    assert spans(slow(told), "the", "a cat ", " the x") == [[0, 3]]
    unmatched = read(slow(told), [Framed("Кот")], "m")[0]
    assert unmatched.spans is None and len(unmatched.kept) == unmatched.unknown + 1
    with pytest.raises(UserError, match=r"of m does not tell .* so 'Кот' cannot be told from"):
        read(slow(told), [Framed("Кот", "a ", " b")], "m")


def test_a_token_that_holds_a_part_of_the_frame_is_refused():
    across = unigram(False, "t▁x")
    assert spans(across, "cat")[-1] == [2, 3]
    with pytest.raises(UserError, match=r"m reads a part of 'cat' and of what stands around it"):
        spans(across, "cat", "the ", " x y")


def test_what_stands_around_a_text_is_read_and_left_out(tiny_model):
    encoder = load_encoder(tiny_model("gpt2"))
    said = SimpleNamespace(transcript="two cats", language="en")
    reading = encoder._readings(encoder._framed(said))[0]
    assert len(reading.ids) == len("<|start|> two cats") - len("<|start|>") + 1
    steps = encoder.steps(said)
    assert len(steps) == len("two cats") == encoder.encode([said])[0].shape[1]
    np.testing.assert_array_equal(steps.weights(4, 8) > 0, [False] * 4 + [True] * 4)


def test_steps_need_no_weights(tiny_model, monkeypatch):
    encoder = load_encoder(tiny_model("bert"))
    said = SimpleNamespace(transcript="horse", language="en")
    monkeypatch.setattr("grounding.encoders.transformers_text.load_model", None)
    np.testing.assert_array_equal(encoder.steps(said).start, np.arange(5))
    with pytest.raises(UserError, match="makes no token of the transcript ''"):
        encoder.steps(SimpleNamespace(transcript="", language="en"))


def test_steps_whose_place_is_unknown_are_refused(tiny_model):
    encoder = load_encoder(tiny_model("t5"))
    encoder.__dict__["_tokenizer"] = slow(unigram(False))
    encoder.__dict__["_most"] = None
    said = SimpleNamespace(transcript="naïve", language="en")
    assert encoder.encode([said])[0].shape[1] == 6
    with pytest.raises(UserError, match=r"the tokens of t5 are not the letters of 'naïve'"):
        encoder.steps(said)


def test_unknown_tokens_are_counted_by_language(tiny_model):
    encoder = load_encoder(tiny_model("bert"))
    encoder.__dict__["_tokenizer"] = unigram(False)
    heard = [("en", "the cat"), ("ru", "the кот"), ("ru", "кот")]
    stimuli = [SimpleNamespace(transcript=text, language=code) for code, text in heard]
    # A run of letters that are not known is one token, after one of a space.
    assert unknown_rate(encoder, stimuli) == {"en": 0.0, "ru": 2 / 5}
    assert unknown_rate(load_encoder("toy"), stimuli) == {}
    assert unknown_rate(load_encoder(tiny_model("gpt2")), stimuli) == {"en": 0.0, "ru": 0.0}
