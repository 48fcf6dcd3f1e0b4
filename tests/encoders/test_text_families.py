"""Every family of text models, on a tiny random model of its kind with a tokenizer of its kind."""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.families.text_table import OTHER_TEXT, TEXT_FAMILIES, text_family
from grounding.errors import UnknownName, UserError, WeightsError

WORDS = ("horse", "the cat sat", "two", "six", "a much longer text of many tokens", "naïve кот")
SIZE = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
WIDE = {"intermediate_size": 32, **SIZE}
FEW = {"num_key_value_heads": 1}
HALVES = {
    "d_model": 16,
    "encoder_layers": 3,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_position_embeddings": 64,
}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 3, "num_heads": 2}
GPT = {"n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 64}

# By row of the table: the model's class, what its configuration is given, and the tokenizer.
TINY = {
    "bert": ("BertModel", WIDE, "wordpiece"),
    "roberta": ("RobertaModel", WIDE | {"max_position_embeddings": 66}, "bytes"),
    "xlm-roberta": ("XLMRobertaModel", WIDE | {"max_position_embeddings": 66}, "unigram"),
    "deberta-v2": (
        "DebertaV2Model",
        WIDE | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "conv_kernel_size": 3},
        "unigram",
    ),
    "modernbert": ("ModernBertModel", WIDE | {"local_attention": 4}, "bytes"),
    "albert": ("AlbertModel", WIDE | {"embedding_size": 8, "inner_group_num": 2}, "unigram"),
    "electra": ("ElectraModel", WIDE | {"embedding_size": 8}, "wordpiece"),
    "distilbert": (
        "DistilBertModel",
        {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32},
        "wordpiece",
    ),
    "mpnet": ("MPNetModel", WIDE, "wordpiece"),
    "nomic_bert": ("NomicBertModel", WIDE, "wordpiece"),
    "eurobert": ("EuroBertModel", WIDE, "bytes"),
    "canine": (
        "CanineModel",
        WIDE | {"num_hash_buckets": 64, "num_hash_functions": 4, "local_transformer_stride": 128},
        "canine",
    ),
    "gpt2": ("GPT2LMHeadModel", GPT, "bytes"),
    "gpt_neo": (
        "GPTNeoForCausalLM",
        {
            "hidden_size": 16,
            "num_layers": 2,
            "num_heads": 2,
            "attention_types": [[["global", "local"], 1]],
        },
        "bytes",
    ),
    "gpt_neox": ("GPTNeoXForCausalLM", WIDE, "bytes"),
    "gptj": ("GPTJForCausalLM", GPT | {"rotary_dim": 4}, "bytes"),
    "opt": (
        "OPTForCausalLM",
        {**SIZE, "ffn_dim": 32, "word_embed_proj_dim": 16, "max_position_embeddings": 64},
        "bytes",
    ),
    "bloom": ("BloomForCausalLM", {"hidden_size": 16, "n_layer": 3, "n_head": 2}, "bytes"),
    "falcon": ("FalconForCausalLM", SIZE, "bytes"),
    "llama": ("LlamaForCausalLM", WIDE | FEW, "bytes"),
    "mistral": ("MistralForCausalLM", WIDE | FEW | {"sliding_window": 4, "head_dim": 8}, "bytes"),
    "qwen2": ("Qwen2ForCausalLM", WIDE | FEW, "bytes"),
    "qwen3": ("Qwen3ForCausalLM", WIDE | FEW | {"head_dim": 8}, "bytes"),
    "gemma": ("GemmaForCausalLM", WIDE | FEW | {"head_dim": 8}, "unigram"),
    "gemma3_text": (
        "Gemma3ForCausalLM",
        WIDE | FEW | {"head_dim": 8, "sliding_window": 4},
        "unigram",
    ),
    "phi": ("PhiForCausalLM", WIDE, "bytes"),
    "phi3": ("Phi3ForCausalLM", WIDE, "bytes"),
    "olmo2": ("Olmo2ForCausalLM", WIDE, "bytes"),
    "stablelm": ("StableLmForCausalLM", WIDE | {"num_key_value_heads": 2}, "bytes"),
    "t5": ("T5ForConditionalGeneration", T5, "unigram"),
    "bart": ("BartModel", HALVES, "bytes"),
    "mbart": ("MBartModel", HALVES, "unigram"),
    "m2m_100": ("M2M100Model", HALVES, "unigram"),
    "marian": ("MarianModel", HALVES, "unigram"),
    "pegasus": ("PegasusModel", HALVES, "unigram"),
}
# Models beside their family's first, and one that no row names.
MORE = {
    "byt5": ("T5ForConditionalGeneration", T5, "byt5"),
    "mt5": ("MT5ForConditionalGeneration", T5, "unigram"),
    "albert-plain": ("AlbertModel", WIDE | {"embedding_size": 8}, "unigram"),
    "camembert": ("CamembertModel", WIDE | {"max_position_embeddings": 66}, "unigram"),
    "gemma2": ("Gemma2ForCausalLM", WIDE | FEW | {"head_dim": 8}, "unigram"),
    "fnet": ("FNetModel", WIDE, "unigram"),
    "xlnet": ("XLNetModel", {"d_model": 16, "n_layer": 3, "n_head": 2, "d_inner": 32}, "unigram"),
}
ALL = TINY | MORE
NEVER_PADDED = ("canine", "fnet", "xlnet")


def pieces(kind: str):
    """Return a tokenizer: WordPiece, bytes in pairs, or a SentencePiece unigram."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<unk>", "<s>", "</s>"]
    letters = [*"abcdefghijklmnopqrstuvwxyz", *"котïëßéñü"]
    if kind == "wordpiece":
        words = ["horse", "##rse", "the", "cat"]
        listed = [*special, *letters, *(f"##{letter}" for letter in letters), *words]
        vocab = {word: number for number, word in enumerate(listed)}
        coder = Tokenizer(models.WordPiece(vocab=vocab, unk_token="<unk>"))
        coder.normalizer = normalizers.BertNormalizer(strip_accents=False)
        coder.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    elif kind == "bytes":
        listed = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġt", "he", "at"]
        vocab = {word: number for number, word in enumerate(listed)}
        merges = [("Ġ", "t"), ("h", "e"), ("a", "t")]
        coder = Tokenizer(models.BPE(vocab=vocab, merges=merges))
        coder.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        coder.decoder = decoders.ByteLevel()
    else:
        scored = [(word, 0.0) for word in special]
        scored += [(letter, -6.0) for letter in letters]
        scored += [("▁", -4.0), ("▁the", -2.0), ("▁c", -3.0), ("at", -3.0), ("rse", -3.0)]
        coder = Tokenizer(models.Unigram(scored, unk_id=1))
        coder.normalizer = normalizers.NFKC()
        coder.pre_tokenizer = pre_tokenizers.Metaspace()
        coder.decoder = decoders.Metaspace()
    coder.add_special_tokens(special)
    return (
        PreTrainedTokenizerFast(
            tokenizer_object=coder,
            pad_token="<pad>",
            unk_token=None if kind == "bytes" else "<unk>",
            bos_token="<s>",
            eos_token="</s>",
        ),
        coder,
        processors,
    )


def tokenizer(kind: str, framed: bool):
    """Return a tokenizer, with <s> and </s> around each text where it is `framed`."""
    import transformers as tf

    if kind in ("canine", "byt5"):
        return tf.CanineTokenizer() if kind == "canine" else tf.ByT5Tokenizer()
    made, coder, processors = pieces(kind)
    if framed:
        coder.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
        )
        made.backend_tokenizer.post_processor = coder.post_processor
    return made


@pytest.fixture(scope="session")
def family_model(tmp_path_factory):
    """A function that gives the folder of the tiny model called `name`, made once."""
    import torch
    import transformers as tf

    root = tmp_path_factory.mktemp("families")

    def folder(name: str):
        if (root / name).is_dir():
            return root / name
        class_name, wishes, kind = ALL[name]
        made = getattr(tf, class_name)
        numbers = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
        if "decoder_layers" in wishes or class_name.startswith(("T5", "MT5")):
            numbers["decoder_start_token_id"] = 2
        if name != "canine":
            numbers["vocab_size"] = 400
        torch.manual_seed(1234)
        made(made.config_class(**(numbers | wishes))).save_pretrained(root / name)
        causal = class_name.endswith(("ForCausalLM", "LMHeadModel"))
        tokenizer(kind, framed=not causal).save_pretrained(root / name)
        return root / name

    return folder


@pytest.fixture(scope="session")
def family_encoder(family_model):
    """A function that loads the tiny model called `name`, once; tests must not change it."""
    return cache(lambda name: load_encoder(family_model(name)))


def says(transcript: str, language: str = "en"):
    return SimpleNamespace(id="x", transcript=transcript, language=language, phones=None)


def count_blocks(encoder, calls: Counter):
    """Count how often each module that an edge names is run to its end."""
    for module in dict.fromkeys(module for module, _ in encoder._passes._edges):
        module.register_forward_hook(lambda *given, m=module: calls.update([id(m)]))


def test_every_row_of_the_table_is_tested_here():
    assert set(TINY) == {family.name for family in TEXT_FAMILIES}
    kinds = [kind for family in TEXT_FAMILIES for kind in family.types]
    assert len(kinds) == len(set(kinds))
    assert text_family("xlnet") is OTHER_TEXT and not OTHER_TEXT.padded


@pytest.mark.parametrize("name", ALL)
def test_a_step_is_one_number_alone_and_in_a_padded_batch(name, family_encoder):
    encoder = family_encoder(name)
    stimuli = [says(text) for text in WORDS]
    together = encoder.encode(stimuli)
    for stimulus, steps in zip(stimuli, together, strict=True):
        single = encoder.encode([stimulus])[0]
        assert single.shape == steps.shape and single.dtype == np.float32
        for layer, other in zip(single, steps, strict=True):
            assert np.abs(layer - other).max() <= 1e-4 * np.abs(layer).max()
    reversed_ = encoder.encode(stimuli[::-1])[::-1]
    for steps, other in zip(together, reversed_, strict=True):
        assert np.abs(steps - other).max() <= 1e-4 * np.abs(steps).max()
    assert np.abs(together[2][-1, 0] - together[3][-1, 0]).max() > 1e-4  # words do differ


def far_from_alone(encoder, texts=WORDS) -> float:
    """Return how far texts padded by much are from the same alone, over the largest value."""
    import torch

    readings = encoder._readings([encoder._framed(says(text))[0] for text in texts])
    wanted = range(len(encoder.layers))
    longest = max(len(reading.ids) for reading in readings) + 5
    worst = 0.0
    with torch.inference_mode():
        together = encoder._passes._pass(readings, longest, wanted)
        for reading, steps in zip(readings, together, strict=True):
            single = encoder._passes._pass([reading], len(reading.ids), wanted)[0]
            worst = max(worst, float(np.abs(single - steps).max() / np.abs(single).max()))
    return worst


@pytest.mark.parametrize("name", [name for name in ALL if name not in NEVER_PADDED])
def test_padding_far_beyond_the_text_moves_nothing_where_the_row_says_so(name, family_encoder):
    encoder = family_encoder(name)
    assert encoder.family.padded and far_from_alone(encoder) <= 1e-4


def test_padding_moves_a_model_that_heeds_no_mask_so_it_gets_none(family_model, monkeypatch):
    encoder = load_encoder(family_model("fnet"))
    assert not encoder.family.padded and far_from_alone(encoder) > 1e-2
    encoder = load_encoder(family_model("bert"))
    passes = type(encoder._passes)
    made = passes._inputs

    def unmasked(self, readings, length):
        return {"input_ids": made(self, readings, length)["input_ids"]}

    monkeypatch.setattr(passes, "_inputs", unmasked)
    assert far_from_alone(encoder, ["horse"]) > 1e-3


@pytest.mark.parametrize("name", ALL)
def test_a_layer_asked_for_alone_is_the_same_and_costs_no_block_above(name, family_encoder):
    encoder = family_encoder(name)
    stimuli = [says(text) for text in WORDS]
    whole = encoder.encode(stimuli)
    # XLNet's blocks have the axes in another order, which is noticed: it runs whole.
    assert bool(encoder._passes._edges) == (name != "xlnet")
    calls: Counter = Counter()
    count_blocks(encoder, calls)
    for place, layer in enumerate(encoder.layers):
        calls.clear()
        some = encoder.encode(stimuli[:1], layers=[layer])
        assert len(some[0]) == 1
        scale = np.abs(whole[0][place]).max()
        assert np.abs(some[0][0] - whole[0][place]).max() <= 1e-4 * scale
        assert sum(calls.values()) <= place
    picked = encoder.encode(stimuli, layers=[encoder.layers[2], "embedding"])
    for steps, both in zip(picked, whole, strict=True):
        assert np.abs(steps - both[[2, 0]]).max() <= 1e-4 * np.abs(both).max()
    with pytest.raises(UnknownName, match=r"unknown layer 'layer-99'. .*Known: embedding"):
        encoder.encode(stimuli, layers=["layer-99"])


@pytest.mark.parametrize("name", ALL)
def test_there_is_a_place_for_every_step_and_no_letter_is_left_out(name, family_encoder):
    encoder = family_encoder(name)
    for text in WORDS:
        steps = encoder.steps(says(text))
        assert steps.unit == "character" and steps.rate is None
        assert len(steps) == encoder.encode([says(text)])[0].shape[1]
        low, high = steps.cells()
        assert (np.diff(low) >= 0).all() and low[0] >= -1 and high[-1] == len(text)
        covered = {k for a, b in zip(low, high, strict=True) for k in range(int(a), int(b))}
        assert {k for k, letter in enumerate(text) if letter != " "} <= covered


def test_where_other_states_pass_the_edges_the_whole_pass_is_run(family_model, monkeypatch):
    encoder = load_encoder(family_model("bert"))
    expected = encoder.encode([says("horse")])[0][1]

    def leaving(model, depth):
        return [(layer, "out") for layer in model.encoder.layer]

    shifted = dataclasses.replace(encoder.family, edges=leaving)
    monkeypatch.setitem(encoder.__dict__, "family", shifted)
    monkeypatch.delitem(encoder.__dict__, "_passes")
    assert encoder._passes._edges == []
    np.testing.assert_array_equal(encoder.encode([says("horse")], ["layer-1"])[0][0], expected)


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_the_encoder_of_two_halves_is_the_one_that_is_read(name, family_model):
    import torch
    import transformers as tf

    encoder = load_encoder(family_model(name))
    model = tf.AutoModel.from_pretrained(family_model(name)).get_encoder().eval()
    ids = torch.tensor([encoder._readings([encoder._framed(says("horse"))[0]])[0].ids])
    with torch.inference_mode():
        expected = model(input_ids=ids, output_hidden_states=True).hidden_states
    np.testing.assert_allclose(
        encoder.encode([says("horse")])[0], torch.stack(expected)[:, 0, 1:-1].numpy(), atol=1e-5
    )


def test_canine_gives_each_character_the_molecule_that_was_made_of_it(family_encoder):
    import torch

    encoder = family_encoder("canine")
    assert len(encoder.layers) == 3 + 5
    steps = encoder.encode([says("abcdefghij")])[0]
    # [CLS] and the first three letters make the first molecule, the next four the second.
    deep = steps[4]
    assert (deep[0] == deep[2]).all() and (deep[3] == deep[6]).all()
    assert np.abs(deep[2] - deep[3]).max() > 1e-3 and np.abs(deep[6] - deep[7]).max() > 1e-3
    ids = torch.tensor([[57344, *map(ord, "abcdefghij"), 57345, *([0] * 8)]])
    mask = torch.tensor([[1] * 12 + [0] * 8])
    with torch.inference_mode():
        states = encoder._model(ids, attention_mask=mask, output_hidden_states=True).hidden_states
    np.testing.assert_allclose(steps[-1], states[-1][0, 1:11].numpy(), atol=1e-6)
    np.testing.assert_allclose(deep[::4][1:], states[4][0, 2:4].numpy(), atol=1e-6)
    assert encoder.encode([says("a")])[0].shape[1] == 1


def test_bfloat16_is_near_and_in_the_provenance(family_model):
    exact = load_encoder(family_model("llama"))
    rough = load_encoder(family_model("llama"), dtype="bfloat16")
    assert exact.provenance["dtype"] == "float32" and rough.provenance["dtype"] == "bfloat16"
    a, b = exact.encode([says("horse")])[0], rough.encode([says("horse")])[0]
    assert b.dtype == np.float32
    assert 1e-6 < np.abs(a - b).max() / np.abs(a).max() < 2e-2


def test_no_layers_are_no_work(family_model):
    encoder = load_encoder(family_model("bert"))
    encoder._passes.model.register_forward_pre_hook(lambda *given: pytest.fail("was run"))
    assert encoder.encode([says("horse")], layers=[])[0].shape == (0, 1, 0)


def test_a_model_without_hidden_states_or_a_count_of_layers_says_so(family_model, monkeypatch):
    encoder = load_encoder(family_model("bert"))
    encoder._passes.model.forward = lambda **given: SimpleNamespace()
    with pytest.raises(WeightsError, match="bert hands out no hidden states; needed"):
        encoder.encode([says("horse")])
    unnumbered = load_encoder(family_model("xlnet"))
    for name in ("layers", "_text_config"):
        unnumbered.__dict__.pop(name, None)
    monkeypatch.setitem(unnumbered.__dict__, "_text_config", SimpleNamespace())
    with pytest.raises(WeightsError, match="of xlnet, a xlnet, does not say how many layers"):
        _ = unnumbered.layers


def test_a_text_beyond_the_positions_is_refused(family_model):
    # The tiny RoBERTa's padding token is number 0, so one of its 66 positions is never taken.
    for name, most in (("roberta", 65), ("gpt2", 64), ("bart", 64)):
        encoder = load_encoder(family_model(name))
        with pytest.raises(UserError, match=f"tokens and {name} reads {most}"):
            encoder.encode([says("x" * (most - 1))])
        longest = says("x" * (most - 2))
        assert len(encoder.steps(longest)) == encoder.encode([longest])[0].shape[1] == most - 2
