"""The twins as encoders, on tiny trunks: as transformers runs them, timed, and proof against
padding."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from grounding.commands.main import app
from grounding.encoders import ENCODERS, extractors, load_encoder
from grounding.encoders.families import twin
from grounding.encoders.families.twin import initial_trunk, shipped_folder
from grounding.encoders.families.twin_front import Front, inputs, log_mel, write_front
from grounding.encoders.subject import WITHIN, apart
from grounding.encoders.table import TWINS
from grounding.encoders.unknown import unknown_rate
from grounding.encoders.weights import Source, load_config, load_model
from grounding.errors import AudioError, UserError, WeightsError

LETTERS = (" ", *"abcdefghilmnorstuvwy")
PHONES = tuple("kætɹɪvədɔɡsmlɛhaʊjo")
FED = ("audio", "characters", "phonemes")
NAMES = [kind.name for kind in ENCODERS.values() if kind.family == "twin"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A function that gives the folder of a tiny twin, float16 on disk, made once."""
    root = tmp_path_factory.mktemp("twins")

    def make(fed: str):
        if not (root / fed).is_dir():
            write_trunk(root / fed)
            write_front(root / fed, front_of(fed))
        return root / fed

    return make


def write_trunk(folder, **settings) -> None:
    import torch
    import transformers as tf

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 32, "feature_projection_input_dim": 160}
    masks = {"mask_time_prob": 0.5, "mask_time_length": 2, "position_embeddings_type": "rotary"}
    drops = ("hidden", "activation", "attention", "feat_proj", "conformer_conv")
    still = {"layerdrop": 0.0} | {f"{part}_dropout": 0.0 for part in drops}
    config = tf.Wav2Vec2BertConfig(**(sizes | masks | still | settings))
    trunk = initial_trunk(config, 1234)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        for values in trunk.parameters():
            values.add_(0.1 * torch.randn(values.shape))
    trunk.half().save_pretrained(folder)


def front_of(fed: str) -> Front:
    if fed == "audio":
        bands = log_mel(np.random.default_rng(0).standard_normal(160_000)).reshape(-1, 80)
        return Front(fed, mean=bands.mean(axis=0), scale=3 * bands.std(axis=0))
    symbols = LETTERS if fed == "characters" else PHONES
    return Front(fed, symbols=symbols, steps_per_symbol=3.3)


SAID = {
    "cat": "kæt",
    "river": "ɹɪvə",
    "dog": "dɔɡ",
    "a small red house": "əsmɔlɹɛdhaʊs",
    "a slow red vista": "əsloʊɹɛdvɪstə",
}
"""Texts and their phones; the last two are padded together, and so are the first and last sound."""


@pytest.fixture
def spoken(record):
    """Sounds of several lengths, with words and phones of several lengths."""
    lengths = (9000, 7531, 7531, 3400, 9901)
    return [
        replace(record(f"twin-{place}", length, text), phones=tuple(phones))
        for place, (length, (text, phones)) in enumerate(zip(lengths, SAID.items(), strict=True))
    ]


@pytest.mark.parametrize("fed", FED)
def test_hidden_states_are_those_that_transformers_gives(fed, folder, spoken):
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder(fed), dtype=torch.float32)
    assert model.config.mask_time_prob > 0 and not model.training
    assert json.loads((folder(fed) / "config.json").read_text())["dtype"] == "float16"
    encoder = load_encoder(folder(fed))
    for stimulus, layers in zip(spoken, encoder.encode(spoken), strict=True):
        made = torch.from_numpy(inputs(stimulus, front_of(fed))[None])
        with torch.inference_mode():
            expected = model(input_features=made, output_hidden_states=True)
        whole = torch.stack(expected.hidden_states)[:, 0].numpy()
        assert apart([whole], [layers]) <= WITHIN
        last = expected.last_hidden_state[0].numpy()
        np.testing.assert_allclose(layers[-1], last, atol=WITHIN)


@pytest.mark.parametrize("fed", FED)
def test_company_order_batch_size_and_threads_move_nothing(fed, folder, spoken, monkeypatch):
    import torch

    masks, whole = [], extractors.ends_mask
    monkeypatch.setattr(
        extractors, "ends_mask", lambda *told: masks.append(whole(*told)) or masks[-1]
    )
    encoder, pairs = load_encoder(folder(fed)), load_encoder(folder(fed), batch=2)
    alone = [encoder.encode([stimulus])[0] for stimulus in spoken]
    assert all(mask is None for mask in masks)
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    try:
        others = [encoder.encode(spoken), pairs.encode(spoken)]
    finally:
        torch.set_num_threads(threads)
    for other in (*others, encoder.encode(spoken[::-1])[::-1]):
        assert apart(alone, other) <= WITHIN
    assert sum(mask is not None for mask in masks) >= 3  # there was padding


@pytest.mark.parametrize("fed", FED)
def test_without_its_mask_padding_would_move_them(fed, folder, spoken, monkeypatch):
    encoder = load_encoder(folder(fed))
    alone = [encoder.encode([stimulus])[0] for stimulus in spoken]
    monkeypatch.setattr(extractors, "ends_mask", lambda ends, longest: None)
    assert apart(alone, encoder.encode(spoken)) > 10 * WITHIN


@pytest.mark.parametrize("fed", FED)
def test_nothing_is_masked_in_evaluation_and_would_be_in_training(fed, folder, spoken):
    import torch

    encoder = load_encoder(folder(fed))
    first = encoder.encode(spoken)
    assert apart(first, encoder.encode(spoken)) == 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder._model.train()  # there is no dropout: what moves is masked
        assert apart(first, encoder.encode(spoken)) > 100 * WITHIN


@pytest.mark.parametrize("fed", FED)
def test_random_weights_are_the_start_of_training(fed, folder, spoken):
    import torch

    config = load_config(Source("one", folder(fed)))
    before = torch.random.get_rng_state()
    start = initial_trunk(config, 3).state_dict()
    assert torch.equal(before, torch.random.get_rng_state())
    control = load_encoder(folder(fed), weights="random", seed=3)
    found = control._model.state_dict()
    assert start.keys() == found.keys() and "masked_spec_embed" in start
    assert all(torch.equal(start[name], found[name]) for name in start)
    assert start["masked_spec_embed"].dtype == torch.float32
    trained = load_model(Source("one", folder(fed))).state_dict()
    assert any(not torch.equal(start[name], trained[name]) for name in start)
    assert control.revision == "random-3" and control.encode(spoken[:1])[0].shape[0] == 3


def test_a_burst_moves_the_steps_that_read_it(folder, record):
    encoder = load_encoder(folder("audio"))
    sound = 0.1 * np.random.default_rng(3).standard_normal(16_000)
    base = encoder.encode([record("twin-even", sound)], ["embedding"])[0][0]
    for place in (4000, 7777, 11_111):
        loud = sound.copy()
        loud[place : place + 40] += 2
        loud *= np.sqrt(np.mean(sound**2) / np.mean(loud**2))  # rms is of the whole recording
        stimulus = record(f"twin-{place}", loud)
        moved = np.linalg.norm(encoder.encode([stimulus], ["embedding"])[0][0] - base, axis=1)
        steps, most = encoder.steps(stimulus), int(moved.argmax())
        assert steps.start[most] <= place < steps.end[most]
        assert abs(steps.centre[most] - place - 20) <= 0.6 * steps.hop
    assert steps.hop == 320 and (steps.start[1], steps.end[1]) == (320, 880)


@pytest.mark.parametrize(
    ("fed", "marked"), [("characters", slice(4, 7)), ("phonemes", slice(3, 6))]
)
def test_another_symbol_moves_the_steps_that_read_it(fed, marked, folder, record):
    one = replace(record("twin-one", 4000, "cat dog cat"), phones=tuple("kætdɔɡkæt"))
    other = replace(record("twin-other", 9000, "cat sun cat"), phones=tuple("kætsəlkæt"))
    encoder = load_encoder(folder(fed))
    first, second = encoder.encode([one, other], ["embedding"])
    moved = np.abs(first[0] - second[0]).max(axis=1) > 1e-3
    steps = encoder.steps(one)
    assert steps.unit == "character" and len(steps) == len(moved)
    read = (steps.start >= marked.start) & (steps.end <= marked.stop)
    np.testing.assert_array_equal(moved, read)
    assert np.bincount(steps.start).max() - np.bincount(steps.start).min() <= 1  # even in time


def test_only_the_transcript_decides_what_a_reader_gives(folder, record):
    encoder = load_encoder(folder("characters"))
    short, long = record("twin-short", 3000, "dog"), record("twin-long", 12_000, "dog")
    one, other = encoder.encode([short, long])
    np.testing.assert_array_equal(one, other)
    assert one.shape[1] == len(encoder.steps(long)) == round(3 * 3.3)


def test_unknown_symbols_are_counted_and_texts_of_them_alone_refused(folder, record):
    encoder = load_encoder(folder("characters"))
    half, none = record("twin-half", 4000, "q dx"), record("twin-none", 4000, "xxq")
    assert unknown_rate(encoder, [half]) == {"en": 0.5}
    assert encoder.unknown(none) == (3, 3)
    for refused in (encoder.steps, lambda stimulus: encoder.encode([half, stimulus])):
        with pytest.raises(UserError, match=r"none of the characters of stimulus 'twin-none'"):
            refused(none)
    with pytest.raises(UserError, match="'twin-half' has nothing in its phones"):
        load_encoder(folder("phonemes")).encode([half])


@pytest.mark.parametrize("fed", FED)
def test_provenance_says_what_decides_the_numbers(fed, folder, tmp_path):
    import shutil

    said = load_encoder(folder(fed)).provenance
    assert (said["family"], said["input"], said["even_steps"]) == ("twin", fed, True)
    assert said["dtype"] == "float32" and said["parameters"] > 0
    assert ("panphon" in said["versions"]) == (fed == "phonemes")
    other = shutil.copytree(folder(fed), tmp_path / fed)
    front = front_of(fed)
    change = {"mean": front.scale} if fed == "audio" else {"symbols": front.symbols[::-1]}
    write_front(other, replace(front, **change))
    assert load_encoder(other).provenance["front_sha256"] != said["front_sha256"]
    sees = {"audio": "audio", "characters": "transcript", "phonemes": "stimulus"}
    encoder = load_encoder(other)
    assert encoder.sees == sees[fed] and encoder.layers == ("embedding", "layer-1", "layer-2")
    assert encoder.modality == ("speech" if fed == "audio" else "text")


@pytest.mark.parametrize("fed", FED)
def test_bfloat16_moves_little(fed, folder, spoken):
    whole = load_encoder(folder(fed)).encode(spoken)
    half = load_encoder(folder(fed), dtype="bfloat16").encode(spoken)
    assert 1e-6 < apart(whole, half) < 0.05 and half[0].dtype == np.float32


@pytest.mark.parametrize("fed", FED)
def test_no_layer_asked_for_gives_the_steps_alone(fed, folder, spoken):
    encoder = load_encoder(folder(fed))
    (none,) = encoder.encode(spoken[:1], [])
    assert none.shape == (0, len(encoder.steps(spoken[0])), 0)


@pytest.mark.parametrize("fed", FED)
def test_every_check_passes(fed, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("GROUNDING_CACHE", str(tmp_path))
    result = CliRunner().invoke(app, ["models", str(folder(fed)), "--check"])
    assert result.exit_code == 0 and "none failed" in result.stdout, result.output


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"feature_projection_input_dim": 80}, "feature_projection_input_dim is 160; .*says 80"),
        ({"add_adapter": True}, "add_adapter is False; its config.json says True"),
    ],
)
def test_another_trunk_is_refused(settings, message, tmp_path):
    write_trunk(tmp_path / "odd", **settings)
    write_front(tmp_path / "odd", front_of("characters"))
    with pytest.raises(WeightsError, match=message):
        load_encoder(tmp_path / "odd")


@pytest.mark.parametrize("wish", [{"window": 2.0}, {"context": "carrier"}, {"script": "phones"}])
def test_wishes_that_a_twin_does_not_have_are_refused(wish, folder):
    with pytest.raises(UserError, match=f"has no {next(iter(wish))}"):
        load_encoder(folder("characters"), **wish)


def test_a_recording_of_less_than_a_step_is_refused(folder, record):
    encoder, least = load_encoder(folder("audio")), record("twin-least", 560)
    assert encoder.encode([least])[0].shape[1] == len(encoder.steps(least)) == 1
    with pytest.raises(AudioError, match="'twin-scrap' has 559 samples; audio needs 560"):
        encoder.encode([record("twin-scrap", 559)])


def test_names_say_what_is_fed_and_which(folder, spoken, monkeypatch, tmp_path):
    import shutil

    assert NAMES[0] == "twin-audio" and len(NAMES) == len(set(NAMES)) == len(TWINS)
    assert {"twin-characters", "twin-phonemes-2", "twin-audio-en"} <= set(NAMES)
    monkeypatch.setattr(twin, "SHIPPED", tmp_path)
    for weights in ({}, {"weights": "random", "seed": 0}):
        with pytest.raises(WeightsError, match="'twin-audio' is not in this installation: there"):
            load_encoder("twin-audio", **weights)
    listed = CliRunner().invoke(app, ["models"]).stdout
    assert "twin-audio\tspeech\ttwin\t5\t20 ms\tnot in this installation" in listed
    assert CliRunner().invoke(app, ["models", "twin-audio"]).exit_code == 0
    shutil.copytree(folder("audio"), tmp_path / "audio")
    assert shipped_folder("twin-audio") == tmp_path / "audio"
    encoder = load_encoder("twin-audio")
    assert encoder.name == "twin-audio" and encoder.provenance["origin"] == "this package"
    assert apart(encoder.encode(spoken), load_encoder(folder("audio")).encode(spoken)) == 0
    assert "twin-audio\tspeech\ttwin\t5\t20 ms\there" in CliRunner().invoke(app, ["models"]).stdout


@pytest.mark.parametrize("name", [name for name in NAMES if shipped_folder(name).is_dir()])
def test_a_shipped_twin_is_what_its_row_says(name):
    encoder, kind = load_encoder(name), ENCODERS[name]
    assert len(encoder.layers) == kind.layers and encoder.modality == kind.modality
    assert name.startswith(f"twin-{encoder.provenance['input']}")
