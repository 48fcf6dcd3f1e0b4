"""What cannot be loaded or heard is refused, in one sentence that says what to do."""

from __future__ import annotations

import dataclasses
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.hub import hub_folder
from grounding.errors import AudioError, UnknownName, UserError, WeightsError


@pytest.fixture
def copied(tiny_model, tmp_path):
    """A function that copies a tiny model's folder, to be spoilt."""

    def copy(kind: str):
        return shutil.copytree(tiny_model(kind), tmp_path / kind)

    return copy


@pytest.mark.parametrize(
    ("name", "wishes", "message"),
    [
        ("toy", {"weights": "fresh"}, "weights are 'trained' or 'random'; found 'fresh'"),
        ("toy", {"weights": "random"}, "random weights of 'toy' need a seed"),
        ("toy", {"weights": "random", "seed": -1}, "a seed is a whole number from 0; found -1"),
        ("toy", {"weights": "random", "seed": 0.5}, "a seed is a whole number from 0; found 0.5"),
        ("toy", {"seed": 1}, "seed 1 does nothing to the trained weights of 'toy'"),
        ("toy", {"batch": 0}, "a batch holds one stimulus or more; found 0"),
        ("toy", {"dtype": "float16"}, "the dtype is 'float32' or 'bfloat16'; found 'float16'"),
        ("toy", {"dtype": "bfloat16"}, "'toy' has no dtype; found 'bfloat16'. Models that tr"),
        ("noise", {"context": "said"}, "'noise' has no context; found 'said'. Text models"),
        ("toy", {"window": 5.0}, "'toy' has no window; found 5.0. Whisper has one"),
        ("toy-text", {"start": "x"}, "'toy-text' has no start; found 'x'"),
        ("toy", {"revision": "main"}, "'toy' has no revision; found 'main'. Models on the hub"),
        ("oracle", {"window": 5.0}, "'oracle' has no window"),
        ("noise", {"start": ""}, "'noise' has no start"),
        ("oracle", {"weights": "random", "seed": 0}, "'oracle' has no weights, so there is no"),
    ],
)
def test_wishes_that_mean_nothing_are_refused(name, wishes, message):
    with pytest.raises(UserError, match=message):
        load_encoder(name, **wishes)


@pytest.mark.parametrize(
    ("kind", "wishes", "message"),
    [
        ("bert", {"window": 5.0}, "has no window"),
        ("hubert", {"window": 5.0}, "has no window"),
        ("hubert", {"start": "x"}, "has no start"),
        ("whisper", {"start": "x"}, "has no start"),
        ("whisper", {"context": "said"}, "has no context"),
        ("bert", {"seed": 2}, "seed 2 does nothing"),
        ("bert", {"revision": "main"}, "has no revision"),
        ("whisper", {"window": 31.0}, r"a multiple of 0.02 s up to 30 s; found 31 s"),
        ("whisper", {"window": 0.0}, "found 0 s"),
        ("whisper", {"window": 1.01}, r"found 1.01 s"),
    ],
)
def test_so_are_those_that_a_folder_cannot_grant(kind, wishes, message, tiny_model):
    with pytest.raises(UserError, match=message):
        load_encoder(tiny_model(kind), **wishes)


def test_unknown_names_bring_the_nearest_and_all():
    with pytest.raises(UnknownName, match=r"unknown encoder 'whisper-tiny'. Did you mean 'whisp"):
        load_encoder("whisper-tiny")
    with pytest.raises(UnknownName, match=r"Known: .*oracle.*hub id of the form owner/model"):
        load_encoder("qqqq")


def answer(kind: str) -> Exception:
    """Return the error that the hub's client raises."""
    from huggingface_hub import errors

    response = SimpleNamespace(headers={}, request=None)
    made = {
        "gated": lambda: errors.GatedRepoError("gated", response=response),
        "revision": lambda: errors.RevisionNotFoundError("none", response=response),
        "ill-formed": lambda: errors.HFValidationError("no id"),
        "unknown": lambda: errors.RepositoryNotFoundError("none", response=response),
        "offline": lambda: errors.LocalEntryNotFoundError("none"),
    }
    return made[kind]()


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("gated", WeightsError, "only to users who accepted its terms"),
        ("revision", UnknownName, "the hub's 'some/model' has no revision 'v2'"),
        ("unknown", UnknownName, "the hub has no model 'some/model'.*Known: toy"),
        ("ill-formed", UnknownName, "the hub has no model 'some/model'"),
        ("offline", WeightsError, "neither in the table .* the hub cannot be reached.*Known: toy"),
    ],
)
def test_what_the_hub_does_not_give_is_said(kind, error, message, monkeypatch):
    import huggingface_hub

    def refuse(*args, **settings):
        raise answer(kind)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(error, match=message):
        hub_folder("some/model", "v2", "Known: toy.")


def test_a_hub_model_is_loaded_from_its_snapshot(tiny_model, monkeypatch, record):
    import huggingface_hub

    asked = {}

    def snapshot(name, *, revision, allow_patterns):
        asked.update(name=name, revision=revision, patterns=allow_patterns)
        return str(tiny_model("gpt2"))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    encoder = load_encoder("some/gpt2", revision="v2")
    assert asked["name"] == "some/gpt2" and asked["revision"] == "v2"
    assert not any(pattern.endswith((".bin", ".py", ".pt")) for pattern in asked["patterns"])
    assert encoder.name == "some/gpt2" and encoder.provenance["origin"] == "hub some/gpt2 at gpt2"
    sound = record("hub", 1000, "horse")
    local = load_encoder(tiny_model("gpt2"))
    np.testing.assert_array_equal(encoder.encode([sound])[0], local.encode([sound])[0])


def test_pickled_weights_are_refused_and_random_ones_need_none(copied, record):
    folder = copied("bert")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"bert has no .safetensors weights. Pickled weights"):
        load_encoder(folder)
    control = load_encoder(folder, weights="random", seed=0)
    assert control.encode([record("control", 1000)])[0].shape[0] == 3


def test_folders_that_are_no_model_are_refused(copied, tmp_path):
    with pytest.raises(WeightsError, match=r"holds no config.json"):
        load_encoder(tmp_path)
    folder = copied("bert")
    config = json.loads((folder / "config.json").read_text())
    for changes, message in (
        (
            {"model_type": "vit"},
            "of type 'vit', which is fed pixel_values and neither hears nor reads. Known: text",
        ),
        ({"model_type": "made-up"}, "transformers cannot load bert from"),
        (
            {"auto_map": {"AutoModel": "x.Y"}},
            "bert wants to run its repository's own code.*trust_remote_code=True if you trust it",
        ),
    ):
        (folder / "config.json").write_text(json.dumps(config | changes))
        with pytest.raises(WeightsError, match=message):
            load_encoder(folder)
    (folder / "modules.json").write_text('[{"type": "x.StaticEmbedding", "path": ""}]')
    with pytest.raises(WeightsError, match=r"starts with 'x.StaticEmbedding', not with a tra"):
        load_encoder(folder)


OWN_CODE = """
from transformers import BertConfig, BertModel
class OwnConfig(BertConfig):
    model_type = "own"
class OwnModel(BertModel):
    config_class = OwnConfig
"""


def test_a_repositorys_own_code_runs_only_where_the_user_asked(copied, record, monkeypatch):
    from transformers import dynamic_module_utils

    folder = copied("bert")
    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(folder.parent / "modules"))
    config = json.loads((folder / "config.json").read_text())
    own = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": own, "model_type": "own"}))
    (folder / "own.py").write_text(OWN_CODE)
    with pytest.raises(WeightsError, match="bert wants to run its repository's own code"):
        load_encoder(folder)
    encoder = load_encoder(folder, trust_remote_code=True)
    assert len(encoder.provenance["remote_code"]["own.py"]) == 64
    assert encoder.encode([record("owned", 1000)])[0].shape[0] == 3
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="Pickled weights"):
        load_encoder(folder, trust_remote_code=True)


def test_code_is_fetched_only_where_the_user_asked(tiny_model, monkeypatch):
    import huggingface_hub

    asked = []

    def snapshot(name, *, revision, allow_patterns):
        asked.append(allow_patterns)
        return str(tiny_model("gpt2"))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    load_encoder("some/gpt2")
    load_encoder("some/gpt2", trust_remote_code=True)
    assert ["*.py" in patterns for patterns in asked] == [False, True]


def test_models_without_a_speech_encoder_are_refused(tmp_path):
    import transformers as tf

    (tmp_path / "model.safetensors").touch()
    tf.SpeechT5FeatureExtractor().save_pretrained(tmp_path)
    tf.SpeechT5Config(architectures=["SpeechT5ForTextToSpeech"]).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match=r"is a SpeechT5ForTextToSpeech, which has no speech en"):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chunk_length_s": 1.0, "overlap": 0.01}, "hears in chunks or scales what it hears"),
        ({"normalize": True}, "hears in chunks or scales what it hears"),
        ({"audio_channels": 2}, "hears 2 channels, or ahead of time"),
        ({"use_causal_conv": False}, "hears 1 channels, or ahead of time"),
    ],
)
def test_codecs_whose_times_would_move_are_refused(settings, message, tmp_path):
    import transformers as tf

    (tmp_path / "model.safetensors").touch()
    tf.EncodecFeatureExtractor(sampling_rate=24_000).save_pretrained(tmp_path)
    tf.EncodecConfig(**settings).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match=message):
        load_encoder(tmp_path)


def test_a_broken_extractor_and_a_model_without_one_are_named(copied):
    folder = copied("hubert")
    (folder / "preprocessor_config.json").write_text('{"feature_extractor_type": "NoSuchOne"}')
    with pytest.raises(WeightsError, match="cannot load the feature extractor of hubert"):
        load_encoder(folder)


def test_fewer_steps_than_announced_are_refused(tiny_model, record):
    encoder = load_encoder(tiny_model("hubert"))
    prepare = encoder.plan.prepare
    encoder.plan.__dict__["prepare"] = lambda heard: {
        name: values[:, :400] for name, values in prepare(heard).items()
    }
    with pytest.raises(WeightsError, match="hubert gave 1 steps; its configuration says 2"):
        encoder.encode([record("cut", 1000)])


def test_weights_that_do_not_fill_their_model_are_refused(copied, record):
    folder = copied("bert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(WeightsError, match=r"lack 16 parameters of their model, the first 'enc"):
        load_encoder(folder).encode([record("lacking", 1000)])
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 48}))
    with pytest.raises(WeightsError, match=r"6 weights of bert have other shapes .* 'encoder"):
        load_encoder(folder).encode([record("lacking", 1000)])


@pytest.mark.parametrize("kind", ["whisper", "hubert", "bert"])
def test_a_missing_preprocessor_or_tokenizer_is_named(kind, copied):
    folder = copied(kind)
    for path in (*folder.glob("preprocessor*"), *folder.glob("token*")):
        path.unlink()
    needed = (
        "holds no tokenizer, so bert" if kind == "bert" else r"holds no preprocessor_config.json"
    )
    with pytest.raises(WeightsError, match=needed):
        load_encoder(folder)


@pytest.mark.parametrize("kind", ["whisper", "hubert", "bert"])
def test_another_number_of_layers_than_announced_is_refused(kind, tiny_model, record):
    encoder = load_encoder(tiny_model(kind))
    encoder.__dict__["layers"] = ("embedding",)
    with pytest.raises(WeightsError, match="gave 3 layers"):
        encoder.encode([record("layered", 1000)])


@pytest.mark.parametrize("kind", ["whisper", "hubert", "wav2vec2-bert", "toy"])
def test_recordings_that_cannot_be_heard_are_refused(kind, tiny_model, record):
    wishes = {"window": 2.0} if kind == "whisper" else {}
    encoder = load_encoder("toy" if kind == "toy" else tiny_model(kind), **wishes)
    with pytest.raises(AudioError, match=r"'blip' has 399 samples; .* needs (400|560)"):
        encoder.encode([record("blip", 399)])
    with pytest.raises(AudioError, match="'quiet' is silent: all 1000 samples are 0"):
        encoder.encode([record("quiet", np.zeros(1000))])
    with pytest.raises(AudioError, match=r"'slow' is at 8000 Hz and .* hears 16000 Hz"):
        encoder.encode([record("slow", 4000, rate=8000)])


def test_a_recording_longer_than_the_window_is_refused(tiny_model, record):
    encoder = load_encoder(tiny_model("whisper"), window=0.5)
    assert encoder.encode([record("fits", 8000)])[0].shape[1] == 25
    with pytest.raises(AudioError, match=r"'long' lasts 0.50 s; whisper hears 0.5 s at once"):
        encoder.encode([record("long", 8001)])


def test_texts_that_cannot_be_read_are_refused(tiny_model, record):
    with pytest.raises(UserError, match=r"'xxxxx.*has 72 tokens and gpt2 reads 64"):
        load_encoder(tiny_model("gpt2")).encode([record("wordy", 1000, "x" * 70)])
    empty = SimpleNamespace(transcript="")
    with pytest.raises(UserError, match="bert makes no token of the transcript ''"):
        load_encoder(tiny_model("bert")).encode([empty])
    with pytest.raises(UserError, match="makes no step of an empty transcript"):
        load_encoder("toy-text").encode([empty])


def test_a_transcript_of_unknown_tokens_alone_is_refused(copied, record):
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    folder = copied("bert")
    words = Tokenizer(models.WordLevel(vocab={"cat": 0, "?": 1}, unk_token="?"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?").save_pretrained(folder)
    encoder = load_encoder(folder)
    assert encoder.encode([record("known", 1000, "cat")])[0].shape[1] == 1
    with pytest.raises(UserError, match="bert knows no token of the transcript 'chat'"):
        encoder.encode([record("unknown", 1000, "chat")])


def test_a_tokenizer_that_is_broken_is_refused(copied):
    folder = copied("gpt2")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizerSlow"}')
    with pytest.raises(WeightsError, match="transformers cannot load the tokenizer of gpt2"):
        load_encoder(folder)


def test_a_start_needs_a_tokenizer_that_knows_places(tiny_model):
    encoder = dataclasses.replace(load_encoder(tiny_model("gpt2")), start="A ")
    encoder.__dict__["_tokenizer"] = SimpleNamespace(is_fast=False)
    with pytest.raises(UserError, match=r"does not tell where its tokens are.*Use start=''"):
        _ = encoder.provenance
