"""Batches hold everything once, within their bounds, near lengths together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from grounding.encoders.batching import batches_by_length, batches_by_sum, equal_length_batches
from grounding.encoders.families import text_passes

LENGTHS = np.random.default_rng(0).integers(2, 60, 300).tolist()


@pytest.mark.parametrize("size", [None, 7])
def test_batches_by_sum_are_as_full_as_they_may_be(size):
    batches = batches_by_sum(LENGTHS, 200, size)
    order = [LENGTHS[place] for batch in batches for place in batch]
    assert order == sorted(LENGTHS)
    for batch, after in pairwise(batches):
        assert len(batch) * LENGTHS[batch[-1]] <= 200 and len(batch) <= (size or 300)
        assert (len(batch) + 1) * LENGTHS[after[0]] > 200 or len(batch) == size
    assert batches_by_sum([500, 500], 200) == [[0], [1]] and batches_by_sum([], 9) == []


@pytest.mark.parametrize("group", [batches_by_length, equal_length_batches])
def test_everything_is_in_one_batch(group):
    batches = group(LENGTHS, 8)
    assert sorted(place for batch in batches for place in batch) == list(range(300))
    assert max(map(len, batches)) <= 8


def test_texts_go_in_batches_of_so_many_tokens_whatever_their_number(
    tiny_model, monkeypatch, record
):
    from grounding.encoders import load_encoder

    encoder = load_encoder(str(tiny_model("bert")))
    texts = [record(f"t{k}", transcript="cat " * (k % 4) + "d" + "o" * k) for k in range(12)]
    sizes = []
    real = text_passes.Passes._pass

    def counted(self, some, length, wanted):
        sizes.append(len(some))
        return real(self, some, length, wanted)

    monkeypatch.setattr(text_passes.Passes, "_pass", counted)
    whole = encoder.encode(texts)
    assert sizes == [12]
    monkeypatch.setattr(text_passes, "TOKENS", 40)
    for one, other in zip(whole, encoder.encode(texts), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert len(sizes) > 3
