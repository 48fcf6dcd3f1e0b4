"""Train a twin: update after update, resumable at each, the same weights however often it stops.

All that an update depends on is its number, the config and the weights: utterances, masks and
dropout are drawn anew from seed and update. Weights are kept at few updates, ever farther apart.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grounding import __version__
from grounding.progress import Report
from grounding.stimuli import StimulusSet
from grounding.twins.batches import Batch, batch_at, held_out_batches
from grounding.twins.config import TwinConfig, pair_digest
from grounding.twins.corpus import Corpus, build_corpus
from grounding.twins.keeping import (
    read_log,
    read_state,
    write_log,
    write_state,
    write_twin,
)
from grounding.twins.neighbours import Score, fit_neighbours, score_neighbours
from grounding.twins.objective import MaskedPredictor, first_predictor

__all__ = ["Machine", "checkpoints", "train"]

CHECKPOINTS = 12
LOGGED = 20  # updates between rows of the log
MEASURED = 100  # updates between measurements of what is held out
FITTED = 64  # batches on which the neighbours' exponent is chosen
FIRST = 10  # update of the first checkpoint after the start


@dataclass(frozen=True)
class Machine:
    """What trains, which may move the last bits of a weight.

    device: of torch. threads: of torch; None leaves them. kept: seconds between saved states.
    """

    device: str = "cpu"
    threads: int | None = None
    kept: float = 60.0


def train(
    config: TwinConfig,
    stimuli: StimulusSet,
    out: Path,
    machine: Machine,
    report: Report,
    *,
    name: str = "twin",
    stop_after: int | None = None,
) -> Path | None:
    """Train an arm in the folder `out`, or go on where it was stopped; return the last weights.

    stop_after: updates, after which to stop as if it had been killed; None is returned then.

    Raises `UserError` for a folder of another config or corpus, and what `build_corpus` raises.
    """
    if machine.threads:
        torch.set_num_threads(machine.threads)
    corpus = build_corpus(config, stimuli, report)
    batches = list(held_out_batches(corpus, config))
    neighbours = _neighbours(corpus, config, batches)
    about = partial(_about, config, stimuli, corpus, neighbours, name)
    predictor = first_predictor(config, corpus.classes).to(machine.device)
    optimiser = torch.optim.AdamW(
        predictor.parameters(), lr=config.rate, betas=(0.9, 0.98), weight_decay=config.decay
    )
    begun = read_state(out, predictor, optimiser, config, corpus)
    log = read_log(out, begun)
    kept_at, busy = checkpoints(config.updates), 0.0
    last_saved = time.monotonic()
    for update in range(begun, config.updates + 1):
        if update in kept_at:
            write_twin(_folder(out, update), predictor, corpus, about(update))
        if update % MEASURED == 0 or update == config.updates:
            log.append({"update": update} | _measure(predictor, batches, config, machine))
        if update == config.updates:
            break
        done = time.monotonic()
        row = _update(predictor, optimiser, corpus, config, update, machine)
        busy += time.monotonic() - done
        if update % LOGGED == 0:
            seconds = config.batch * 0.02 * (update - begun + 1) / busy
            log.append({"update": update, "speech_per_second": round(seconds, 1)} | row)
        report(f"training {name}", update + 1, config.updates)
        if stop_after is not None and update + 1 - begun >= stop_after:
            return None
        if time.monotonic() - last_saved > machine.kept or update + 1 == config.updates:
            write_log(out, log)
            write_state(out, predictor, optimiser, update + 1, config, corpus)
            last_saved = time.monotonic()
    write_log(out, log)
    return _folder(out, config.updates)


def checkpoints(updates: int) -> tuple[int, ...]:
    """Return the updates at which weights are kept: 0, then evenly on a log scale to the last.

    >>> checkpoints(1500)
    (0, 10, 17, 27, 45, 74, 122, 202, 334, 551, 909, 1500)
    """
    first = min(FIRST, updates)
    apart = np.geomspace(first, updates, CHECKPOINTS - 1).round().astype(int)
    return tuple(sorted({0, *map(int, apart)}))


def _update(
    predictor: MaskedPredictor,
    optimiser: torch.optim.Optimizer,
    corpus: Corpus,
    config: TwinConfig,
    update: int,
    machine: Machine,
) -> dict[str, Any]:
    """Take one step down the gradient; return what is logged of it."""
    rate = config.rate * _schedule(update, config)
    for group in optimiser.param_groups:
        group["lr"] = rate
    predictor.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_seed(config.seed, update))
        with _precision(config, machine):
            told = predictor(batch_at(corpus, config, update), machine.device)
        optimiser.zero_grad(set_to_none=True)
        told.loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(predictor.parameters(), config.clip)
        optimiser.step()
    return {
        "loss": round(float(told.loss.detach()), 5),
        "right": round(told.right / max(told.steps, 1), 5),
        "gradient": round(float(norm), 4),
        "rate": rate,
    }


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def _schedule(update: int, config: TwinConfig) -> float:
    """Return the share of the largest rate: up in a line, then down to zero in a line."""
    rise = max(1, round(config.warmup * config.updates))
    return min((update + 1) / rise, (config.updates - update) / max(1, config.updates - rise))


def _measure(
    predictor: MaskedPredictor, batches: Sequence[Batch], config: TwinConfig, machine: Machine
) -> dict[str, float]:
    predictor.eval()
    loss, right, steps = 0.0, 0, 0
    with torch.no_grad(), _precision(config, machine):
        for batch in batches:
            told = predictor(batch, machine.device)
            loss += float(told.loss) * told.steps
            right += told.right
            steps += told.steps
    return {"held_out_loss": round(loss / steps, 5), "held_out_right": round(right / steps, 5)}


def _neighbours(corpus: Corpus, config: TwinConfig, batches: list[Batch]) -> Score:
    """Return how well unmasked neighbours tell the masked steps that are measured."""
    own = np.flatnonzero(~corpus.held_out)
    targets = [corpus.targets[corpus.starts[k] : corpus.starts[k + 1]] for k in own]
    some = [batch_at(corpus, config, update) for update in range(min(FITTED, config.updates))]
    fitted = fit_neighbours(targets, corpus.classes, 2 * config.span, some)
    return score_neighbours(fitted, batches)


def _about(
    config: TwinConfig,
    stimuli: StimulusSet,
    corpus: Corpus,
    neighbours: Score,
    name: str,
    update: int,
) -> Mapping[str, Any]:
    """Return what `training.json` says of weights."""
    return {
        "schema": 1,
        "name": name,
        "update": update,
        "config": asdict(config),
        "config_digest": config.digest,
        "pair": pair_digest(config),
        "seed": config.seed,
        "input": config.input,
        "hours": round(corpus.hours, 4),
        "utterances": int((~corpus.held_out).sum()),
        "held_out_utterances": int(corpus.held_out.sum()),
        "classes": corpus.classes,
        "stimuli": {"name": stimuli.name, "digest": stimuli.digest},
        "corpus_digest": corpus.digest,
        "neighbours": asdict(neighbours),
        "versions": {"speech-grounding": __version__}
        | {package: version(package) for package in ("torch", "transformers", "scikit-learn")},
    }


def _precision(config: TwinConfig, machine: Machine) -> torch.autocast:
    kind = torch.device(machine.device).type
    return torch.autocast(kind, torch.bfloat16, enabled=config.precision == "bfloat16")


def _folder(out: Path, update: int) -> Path:
    return out / f"update-{update:06d}"
