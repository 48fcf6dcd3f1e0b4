"""Put an assay to every model of the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from grounding.claims.answer import Answer, Asked
from grounding.claims.assays import Assay
from grounding.claims.evidence import Evidence, groups_of
from grounding.claims.rule import LEVEL
from grounding.rsa import RDM, bootstrap, curved, oracle_rdm, permutation_test, score_models

__all__ = ["ask"]

Tested = Sequence[tuple[str, RDM]]
"""Every layer of the columns that get a p value and bands, each under its column's key."""


def ask(assay: Assay, evidence: Evidence) -> Answer:
    """Return the held-out agreement of every model, with resamples, curves and p values."""
    if reason := evidence.missing(assay):
        return Answer(assay.name, missing=reason)
    settings = evidence.settings
    groups = groups_of(evidence.stimuli, assay.group)
    reference = evidence.space(assay.space)
    controls = curved([evidence.space(name) for name in assay.controls], degree=assay.degree)
    asked, layers = _columns(assay, evidence, reference, groups)
    if assay.pairs == "within":
        ids = _with_company(reference.ids, groups)
        kept = set(ids)
        groups = tuple(g for id, g in zip(reference.ids, groups, strict=True) if id in kept)
        reference, *controls = (one.select(ids) for one in (reference, *controls))
        layers = {key: tuple(one.select(ids) for one in rdms) for key, rdms in layers.items()}
    shared: dict[str, Any] = {
        "measure": assay.measure,
        "controls": controls,
        "groups": groups,
        "pairs": assay.pairs,
    }
    # Every assay starts from the same generator, so that the same folds and the same resamples
    # of stimuli meet all of them and differences between assays are paired.
    scores = score_models(
        layers,
        reference,
        **shared,
        folds=settings.folds,
        n=settings.resamples,
        rng=np.random.default_rng([settings.seed, 0]),
        layers="held-out",
        processes=evidence.processes,
        progress=evidence.within(f"{assay.name}: bootstrap"),
    )
    names = {item.key: item.layers for item in asked}
    tested = [(item.key, rdm) for item in asked if _is_tested(item) for rdm in layers[item.key]]
    return Answer(
        assay=assay.name,
        missing="",
        n_stimuli=reference.n,
        n_groups=len(set(groups)),
        asked=tuple(asked),
        value=np.array([scores.estimate[item.key] for item in asked]),
        samples=scores.samples,
        chosen={k: tuple(names[k][i] for i in chosen) for k, chosen in scores.chosen.items()},
        curves={key: tuple(map(float, curve)) for key, curve in scores.curve.items()},
        bands=_bands(evidence, tested, reference, shared, assay) if assay.bands else {},
        p=_best_layer_p(evidence, tested, reference, shared, assay),
    )


def _columns(
    assay: Assay, evidence: Evidence, reference: RDM, groups: Sequence[str]
) -> tuple[list[Asked], dict[str, tuple[RDM, ...]]]:
    """Return the columns of an answer, and the layers of each."""
    subjects = [s for s in evidence.subjects if s.asked.modality in assay.modalities]
    subjects = [s for s in subjects if evidence.can_take(s)]
    asked = [subject.asked for subject in subjects]
    layers = {subject.asked.key: evidence.layers(subject) for subject in subjects}
    if not assay.ceiling:
        return asked, layers
    if min(Counter(groups).values()) < 2:
        # The oracle knows nothing of a transcript that was said once: no ceiling, no share.
        return asked, layers
    # Leaving these two stimuli out makes the ceiling low where realisations are few; leaving
    # nothing out makes it high. Shares are of the first; the second stands beside it.
    for name, rdm in (
        ("transcript ceiling", oracle_rdm(reference, groups, leave_out=True)),
        ("transcript ceiling, nothing left out", oracle_rdm(reference, groups, leave_out=False)),
        ("phone string", evidence.space("phones")),
    ):
        asked.append(Asked(name, name, "text", "", "reference", layers=(name,)))
        layers[name] = (rdm,)
    return asked, layers


def _with_company(ids: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return the stimuli whose transcript was said more than once; others have no pair."""
    count = Counter(groups)
    return [id for id, group in zip(ids, groups, strict=True) if count[group] > 1]


def _is_tested(item: Asked) -> bool:
    return item.role != "reference" and not item.weights.startswith("random")


def _best_layer_p(
    evidence: Evidence, tested: Tested, reference: RDM, shared: dict[str, Any], assay: Assay
) -> dict[str, float]:
    """Return the p value of each model's best layer.

    One permutation moves the stimuli of all layers alike, and the best layer is taken inside the
    null too.
    """
    test = permutation_test(
        [rdm for _, rdm in tested],
        reference,
        **shared,
        n=evidence.settings.permutations,
        rng=np.random.default_rng([evidence.settings.seed, 1]),
        progress=evidence.within(f"{assay.name}: permutations"),
    )
    keys = np.array([key for key, _ in tested])
    found = {}
    for key in dict.fromkeys(keys.tolist()):
        best = test.observed[keys == key].max()
        reached = int((test.null[:, keys == key].max(axis=1) >= best).sum())
        found[key] = (1 + reached) / (1 + len(test.null))
    return found


def _bands(
    evidence: Evidence, tested: Tested, reference: RDM, shared: dict[str, Any], assay: Assay
) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the interval of every layer of the tested columns, for layer curves."""
    drawn = bootstrap(
        [rdm for _, rdm in tested],
        [reference],
        **shared,
        n=evidence.settings.band_resamples,
        rng=np.random.default_rng([evidence.settings.seed, 2]),
        processes=evidence.processes,
        progress=evidence.within(f"{assay.name}: bands"),
    )
    low, high = drawn.interval(LEVEL)
    bands: dict[str, list[tuple[float, float]]] = {}
    for (key, _), lower, upper in zip(tested, low[:, 0], high[:, 0], strict=True):
        bands.setdefault(key, []).append((float(lower), float(upper)))
    return {key: tuple(band) for key, band in bands.items()}
