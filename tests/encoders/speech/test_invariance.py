"""A recording gives the same numbers whatever stands beside it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.families.table import FAMILIES
from grounding.encoders.subject import WITHIN, apart

LENGTHS = (9000, 7531, 9901, 7531, 3400, 3333, 3777)
"""Samples; some on one rung of the ladder, two equal, and odd and even numbers of steps."""

UNTRIED = {"parakeet_rnnt", "parakeet_tdt"}
"""Types whose encoder is that of another type that is tried."""


def wishes(kind: str) -> dict:
    return {"window": 2.0} if kind == "whisper" else {}


def sounds(record, rate: int) -> list:
    made = []
    for place, length in enumerate(LENGTHS):
        rng = np.random.default_rng([7, place])
        sound = rng.standard_normal(length) * rng.uniform(0.02, 0.3) + 0.01 * place
        made.append(record(f"company-{rate}-{place}", sound, rate=rate))
    return made


def test_company_order_batch_size_and_threads_move_nothing(kind, tiny, record):
    import torch

    encoder = load_encoder(tiny(kind), batch=16, **wishes(kind))
    small = load_encoder(tiny(kind), batch=2, **wishes(kind))
    stimuli = sounds(record, encoder.plan.rate)
    alone = [encoder.unpadded(stimulus) for stimulus in stimuli]
    backwards = encoder.encode(stimuli[::-1])[::-1]
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))  # one where there were more, else two
    try:
        together, by_two = encoder.encode(stimuli), small.encode(stimuli)
    finally:
        torch.set_num_threads(threads)
    for other in (together, by_two, backwards):
        assert apart(alone, other) <= WITHIN
    assert encoder.plan.mixed == any(
        len({LENGTHS[place] for place in group}) > 1 for group in encoder._batches(list(LENGTHS))
    )
    counts = [len(encoder.steps(stimulus)) for stimulus in stimuli]
    assert [one.shape[1] for one in alone] == counts


@pytest.mark.parametrize("kind", ["wav2vec2-group", "wav2vec2-layer", "moonshine"])
def test_padding_without_mask_or_own_frames_would_move_them(kind, tiny, record):
    encoder = load_encoder(tiny(kind), batch=16)
    stimuli = sounds(record, 16_000)[:3]
    alone = [encoder.unpadded(stimulus) for stimulus in stimuli]
    prepare = encoder.plan.prepare

    def unmasked(heard):
        encoder._lengths.samples = None
        return {"input_values": prepare(heard)["input_values"]}

    encoder.plan.__dict__["prepare"] = unmasked
    assert apart(alone, encoder.encode(stimuli)) > 100 * WITHIN


def test_every_listed_type_is_tried(tiny, kinds):
    tried = {json.loads((tiny(kind) / "config.json").read_text())["model_type"] for kind in kinds}
    listed = {kind for family in FAMILIES.values() for kind in family.types}
    assert listed - tried == UNTRIED and tried <= listed
