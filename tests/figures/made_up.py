"""Made-up results, written by the code that writes real ones: the shapes of a run, no models."""

from __future__ import annotations

from dataclasses import asdict
from itertools import combinations

import numpy as np

from grounding.claims.answer import Answer, Asked
from grounding.claims.assays import ASSAYS, METRIC, POOLING, SELECTION
from grounding.claims.dissociation import double_dissociation
from grounding.claims.record import Score
from grounding.claims.results import write_json, write_scores
from grounding.claims.rows import rows
from grounding.claims.settings import Settings
from grounding.claims.table import CLAIMS

WORDS, PROMPTS = "vocal-tract-words", "spoken-prompts"
FOR_PROMPTS = ("relations", "translation")
REFERENCES = (
    ("transcript ceiling", 0.62),
    ("transcript ceiling, nothing left out", 0.7),
    ("phone string", 0.41),
)

PEAKS = ("physics", "tract-between", "tract-within", "tract-within-beyond-sound", "relations")
OTHER = 0.1  # the peak of an assay that is not in PEAKS

# name, modality, family, parameters, depth, and the peak of each assay of PEAKS
MODELS = (
    ("whisper-tiny.en", "speech", "whisper", 8_208_384, 4, (0.34, 0.50, 0.38, 0.21, 0.02)),
    ("whisper-base", "speech", "whisper", 20_590_592, 6, (0.37, 0.53, 0.41, 0.24, 0.04)),
    ("all-MiniLM-L6-v2", "text", "bert", 22_713_216, 6, (-0.01, 0.02, 0.0, 0.0, 0.31)),
    ("SmolLM2-135M", "text", "llama", 134_515_008, 30, (0.01, 0.05, 0.0, 0.0, 0.19)),
)
UNTRAINED = {"speech": (0.12, 0.31, 0.24, 0.08, 0.0), "text": (0.0, 0.03, 0.0, 0.0, 0.01)}
CONTROLS = {"oracle": (0.93, 0.71, 1.0, 0.98, 0.02), "noise": (0.004, -0.003, 0.006, 0.001, -0.002)}


def layer_names(depth):
    return ("embedding", *(f"layer-{i}" for i in range(1, depth + 1)))


def columns(models, seeds, window):
    found = []
    for name, modality, family, parameters, depth, peaks in models:
        for weights in ("trained", *(f"random-{i}" for i in range(seeds))):
            found.append(
                (
                    Asked(
                        key=f"{name} ({weights})",
                        name=name,
                        modality=modality,
                        weights=weights,
                        role="model",
                        family=family,
                        parameters=parameters,
                        window=window if family == "whisper" else "",
                        pooling=POOLING[modality],
                        layers=layer_names(depth),
                    ),
                    peaks if weights == "trained" else UNTRAINED[modality],
                )
            )
    return found


def controls():
    shape = {"oracle": ("articulation",), "noise": layer_names(3)}
    return [
        (Asked(name, name, "speech", "", "control", pooling="mean", layers=shape[name]), peaks)
        for name, peaks in CONTROLS.items()
    ]


def answer(name, asked, *, n=620, groups=270, missing="", samples=200):
    """Answer one assay: curves rise and fall, resamples are Gaussian."""
    if missing:
        return Answer(name, missing=missing)
    place = list(ASSAYS).index(name)
    rng = np.random.default_rng([place, 7])
    asked = [(item, dict(zip(PEAKS, peaks, strict=True)).get(name, OTHER)) for item, peaks in asked]
    if ASSAYS[name].ceiling:
        asked += [
            (Asked(what, what, "text", "", "reference", layers=(what,)), value)
            for what, value in REFERENCES
        ]
    value = np.array([peak + rng.normal(0, 0.01) * (peak != 0) for _, peak in asked])
    curves, bands, chosen, p = {}, {}, {}, {}
    for (item, peak), best in zip(asked, value, strict=True):
        depth = np.linspace(0, 1, len(item.layers))
        drop = 0.6 * abs(peak) * (depth - 0.35) ** 2
        curve = best - drop + rng.normal(0, 0.004, len(depth)) * (len(depth) > 1)
        curves[item.key] = tuple(map(float, curve))
        top = int(curve.argmax())
        chosen[item.key] = (item.layers[top], item.layers[max(top - 1, 0)])
        if not item.weights.startswith("random") and item.role != "reference":
            p[item.key] = 1 / 1001 if peak > 0.05 else 0.4
            if ASSAYS[name].bands:
                bands[item.key] = tuple((float(v - 0.03), float(v + 0.034)) for v in curve)
    spread = np.array([0.016 if peak != 0 else 0.0 for _, peak in asked])
    return Answer(
        assay=name,
        missing="",
        n_stimuli=n,
        n_groups=groups,
        asked=tuple(item for item, _ in asked),
        value=value,
        samples=value + spread * rng.normal(size=(samples, len(asked))),
        chosen=chosen,
        curves=curves,
        bands=bands,
        p=p,
    )


def overview(stimuli, models, spaces, n):
    """Yield the plain agreement of every layer with every space; rows as of a run."""
    rng = np.random.default_rng(5)
    for asked, _ in columns(models, 0, "5"):
        for layer in asked.layers:
            for space in spaces:
                yield Score(
                    assay="overview",
                    quantity="agreement, every layer",
                    value=float(rng.normal(0.2, 0.15)),
                    model=asked.name,
                    modality=asked.modality,
                    weights=asked.weights,
                    layer=layer,
                    selection="none: every layer on all stimuli",
                    stimuli=stimuli,
                    n_stimuli=n,
                    n_groups=n,
                    space=space,
                    pairs="all",
                    measure="rho-a",
                    metric=METRIC,
                    pooling=asked.pooling,
                    window=asked.window,
                )


def panels(titles, n=40, categories=("animal", "food", "tool", "vehicle", "clothing")):
    rng = np.random.default_rng(3)
    labels = sorted(categories[i % len(categories)] if categories else "" for i in range(n))
    pairs = list(combinations(range(n), 2))
    shown = []
    for title in titles:
        pull = 0.6 if "wordnet" in title or "MiniLM" in title else 0.1
        far = np.array([rng.random() - pull * (labels[i] == labels[j]) for i, j in pairs])
        ranks = (far.argsort().argsort() + 0.5) / len(pairs)
        shown.append({"title": title, "ranks": [round(float(r), 3) for r in ranks]})
    return {"ids": [f"w{i:03}" for i in range(n)], "categories": labels, "panels": shown}


def entry(name, n, of, *, window=5.0, scored="all", languages=("en",)):
    return {
        "name": name,
        "scored": scored,
        "n": n,
        "of": of,
        "transcripts": max(n // 3, 1),
        "languages": list(languages),
        "digest": "ab" * 32,
        "window": window,
    }


def write_result(folder, entries, answers, shown, *, models=MODELS, full=False, more=()):
    """Write the four files of a run; `answers` and `shown` are by stimulus set."""
    settings = Settings(full=full)
    folder.mkdir(parents=True, exist_ok=True)
    decided = {
        name: tuple(claim.decide(found) for claim in CLAIMS.values())
        for name, found in answers.items()
    }

    def row(claim):
        every = [
            {**result.to_json(), "stimuli": name}
            for name, results in decided.items()
            for result in results
            if result.claim == claim
        ]
        leading = next((r for r in every if r["estimates"]), every[0])
        others = {r["stimuli"]: r["reason"] for r in every if r is not leading}
        return {**leading, "elsewhere": others}

    both = [double_dissociation(found) for found in answers.values()]
    estimates, why = next((pair for pair in both if pair[0]), both[0])
    verdict = {
        "schema": 1,
        "question": "Does what hears know of the tract?",
        "settings": asdict(settings),
        "metric": METRIC,
        "pooling": dict(POOLING),
        "selection": SELECTION,
        "stimuli": entries,
        "claims": [row(claim) for claim in CLAIMS],
        "missing": {
            name: {assay: one.missing for assay, one in found.items() if one.missing}
            for name, found in answers.items()
        },
        "dissociation": {"estimates": [asdict(e) for e in estimates], "missing": why},
    }
    origin = {
        "grounding": "0.1.0",
        "source_sha256": "cd" * 32,
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "dirty": True,
        "python": "3.11.2",
        "platform": "Linux",
        "processors": 2,
        "threads": {"OMP_NUM_THREADS": "1"},
        "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
        "arguments": {
            "stimuli": [item["name"] for item in entries],
            "models": [name for name, *_ in models],
            "claims": list(CLAIMS),
        },
        "seed": settings.seed,
        "settings": asdict(settings),
        "stimuli": entries,
        "models": {
            item["name"]: [
                {"asked": vars(asked), "revision": "ef" * 8, "layers": list(asked.layers)}
                for asked, _ in columns(models, settings.random_seeds, "5")
            ]
            for item in entries
        },
        "seconds": {item["name"]: {"physics": 12.5, "relations": 3.25} for item in entries},
        "written": "2026-01-01T00:00:00Z",
    }
    write_json(folder / "verdict.json", verdict)
    write_scores(
        folder / "scores.csv",
        [*(score for n, found in answers.items() for score in rows(n, found, decided[n])), *more],
    )
    write_json(folder / "provenance.json", origin)
    write_json(folder / "panels.json", shown)
    return folder


def whole(folder):
    """Write a result in which one set has everything and the other has no articulation."""
    asked = [*columns(MODELS, 3, "5"), *controls()]
    heard = [pair for pair in asked if pair[0].name != "oracle"]
    no_tract = "no space 'articulation': no stimulus has articulation"
    one = "one language"
    answers = {
        WORDS: {
            name: answer(name, asked, missing=one if name == "translation" else "")
            for name in ASSAYS
        },
        PROMPTS: {
            name: answer(
                name, heard, n=500, groups=100, missing="" if name in FOR_PROMPTS else no_tract
            )
            for name in ASSAYS
        },
    }
    spaces = ("articulation", "log-mel", "wordnet")
    layers = tuple(f"{name}, layer-2" for name, *_ in MODELS)
    shown = {
        WORDS: panels((*spaces, *layers)),
        PROMPTS: panels(("log-mel", *layers), categories=()),
    }
    entries = [
        entry(WORDS, 620, 980, scored="two realisations a word"),
        entry(PROMPTS, 500, 2_400, scored="100 concepts", window=10.0, languages=("en", "fr")),
    ]
    spaces = ("articulation", "area-function", "log-mel", "duration", "f0", "phones", "wordnet")
    return write_result(folder, entries, answers, shown, more=overview(WORDS, MODELS, spaces, 620))


def toy(folder):
    """Write what six recordings and one speech model leave: no assay could be answered."""
    few = "6 transcripts; an interval needs 20"
    answers = {"six": {name: answer(name, [], missing=few) for name in ASSAYS}}
    shown = {"six": panels(("log-mel", "toy, layer-2"), n=6, categories=())}
    return write_result(folder, [entry("six", 6, 6)], answers, shown, models=())


def one_modality(folder):
    """Write a result of speech models only, one seed, each transcript said once or twice."""
    asked = columns(MODELS[:1], 1, "30")
    thrice = "0 transcripts with three realisations or more; an interval needs 20"
    answers = {
        "mine": {
            name: answer(name, asked, n=60, groups=40, missing=thrice if "within" in name else "")
            for name in ASSAYS
        }
    }
    entries = [entry("mine", 60, 60, window=None)]
    return write_result(folder, entries, answers, {"mine": {**panels(()), "panels": []}}, full=True)


RESULTS = {"whole": whole, "toy": toy, "one-modality": one_modality}
