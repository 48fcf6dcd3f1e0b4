"""Answers made by hand, with the shape of a real run's."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.claims.answer import Answer, Asked

MODELS = (
    ("whisper-a", "speech", "whisper", 8_000_000),
    ("whisper-b", "speech", "whisper", 20_000_000),
    ("bert-a", "text", "bert", 22_000_000),
    ("llama-a", "text", "llama", 135_000_000),
)


def asked(name, modality, weights, role="model", family="", parameters=0, layers=("0", "1")):
    key = f"{name} ({weights})"
    return Asked(key, name, modality, weights, role, family, parameters, "", "mean", layers)


@pytest.fixture
def make_answer():
    """Return a function that makes an answer with these scores and Gaussian resamples."""

    def make(assay, scores, *, noise=0.01, samples=400, seed=0, extra=()):
        columns, values = [], []
        for name, modality, family, parameters in MODELS:
            for weights in ("trained", "random-0", "random-1", "random-2"):
                kind = weights.split("-")[0]
                if (modality, kind) not in scores:
                    continue
                columns.append(asked(name, modality, weights, "model", family, parameters))
                values.append(scores[modality, kind])
        for name, role, value in extra:
            columns.append(asked(name, "text", "", role, layers=("0",)))
            values.append(value)
        rng = np.random.default_rng(seed)
        value = np.array(values) + rng.normal(0, 1e-3, len(values))
        return Answer(
            assay=assay,
            missing="",
            n_stimuli=480,
            n_groups=240,
            asked=tuple(columns),
            value=value,
            samples=value + rng.normal(0, noise, (samples, len(values))),
            chosen={c.key: (c.layers[0],) * 2 for c in columns},
            curves={c.key: tuple(v for _ in c.layers) for c, v in zip(columns, value, strict=True)},
        )

    return make
