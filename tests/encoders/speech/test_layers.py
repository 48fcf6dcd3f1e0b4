"""Layers are those of the model, and only those asked for are computed."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.errors import UnknownName


def wishes(kind: str) -> dict:
    return {"window": 2.0} if kind == "whisper" else {}


def heard(record, encoder):
    return record(f"layered-{encoder.plan.rate}", 8000, rate=encoder.plan.rate)


def test_some_layers_are_those_of_the_whole_set_in_the_order_asked(kind, tiny, record):
    encoder = load_encoder(tiny(kind), **wishes(kind))
    sound = heard(record, encoder)
    whole = encoder.encode([sound])[0]
    assert len(whole) == len(encoder.layers) and np.isfinite(whole).all()
    for asked in ([2, 0], [1], [len(whole) - 1, 1]):
        some = encoder.encode([sound], [encoder.layers[place] for place in asked])[0]
        np.testing.assert_array_equal(some, whole[asked])
    assert encoder.encode([sound], [])[0].shape[:2] == (0, whole.shape[1])
    with pytest.raises(UnknownName, match="unknown layer 'layer-99'"):
        encoder.encode([sound], ["layer-99"])


# WavLM hands torch a mask of one type and a bias of another.
@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_layers_are_the_hidden_states_that_transformers_gives(kind, tiny, record):
    import torch

    encoder = load_encoder(tiny(kind), **wishes(kind))
    if encoder.plan.run is not None or encoder.plan.last == "block":
        pytest.skip("has no list of hidden states, or one of other steps")
    sound = heard(record, encoder)
    found = encoder.encode([sound])[0]
    body = encoder._model
    with torch.inference_mode():
        hidden = body(**encoder.plan.prepare([sound.audio]), output_hidden_states=True)
    # The last is what the model gives, which some models normalise once more.
    expected = torch.stack([*hidden.hidden_states[:-1], hidden.last_hidden_state])
    expected = expected[:, 0, : found.shape[1]].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_block_above_the_highest_layer_is_run(kind, tiny, record):
    encoder = load_encoder(tiny(kind), **wishes(kind))
    sound = heard(record, encoder)
    if encoder.plan.blocks is None:
        calls = counted({"quantiser": encoder._model.quantizer}, "encode")
        encoder.encode([sound], ["latent"])
        assert calls == []
        encoder.encode([sound])
        assert len(calls) == len(encoder.layers) - 1
        return
    run = []
    for place, block in enumerate(encoder.plan.blocks(encoder._model)):
        block.register_forward_hook(lambda *_, place=place: run.append(place))
    for asked, expected in ((["embedding"], []), (["layer-2", "layer-1"], [0, 1])):
        run.clear()
        encoder.encode([sound], asked)
        assert run == expected
    run.clear()
    encoder.encode([sound], [encoder.layers[-1]])
    # A hook that ends the pass at the last block comes before the one that counts here, or after.
    assert run[:2] == [0, 1]


def counted(modules: dict, method: str) -> list:
    calls: list = []
    for name, module in modules.items():
        own = getattr(module, method)

        def counting(*inputs, own=own, name=name):
            calls.append(name)
            return own(*inputs)

        module.__dict__[method] = counting
    return calls


def test_hooks_are_taken_off_again(tiny, record):
    encoder = load_encoder(tiny("hubert-layer"))
    encoder.encode([heard(record, encoder)])
    blocks = encoder.plan.blocks(encoder._model)
    assert not any(block._forward_pre_hooks or block._forward_hooks for block in blocks)


def test_bfloat16_is_near_and_named(kind, tiny, record):
    whole = load_encoder(tiny(kind), **wishes(kind))
    half = load_encoder(tiny(kind), dtype="bfloat16", **wishes(kind))
    assert (whole.provenance["dtype"], half.provenance["dtype"]) == ("float32", "bfloat16")
    sound = heard(record, whole)
    first = whole.layers[:2] if whole.plan.blocks else whole.layers[:1]
    a, b = whole.encode([sound], first)[0], half.encode([sound], first)[0]
    assert b.dtype == np.float32 and a.shape == b.shape
    for exact, rounded in zip(a, b, strict=True):
        apart = np.linalg.norm(exact - rounded) / np.linalg.norm(exact)
        assert 0.0 < apart < 0.1
