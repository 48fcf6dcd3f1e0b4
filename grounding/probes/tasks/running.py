"""Run downstream tasks on the layers of an encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np

from grounding.encoders import Encoder
from grounding.probes.tasks.features import features_of
from grounding.probes.tasks.record import TaskScore
from grounding.probes.tasks.table import TASKS
from grounding.stimuli import Stimulus
from grounding.tables import lookup

__all__ = ["run_task"]


def run_task(
    name: str,
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    *,
    layers: Sequence[str] | None = None,
    store: str | Path,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> list[TaskScore]:
    """Run a task on each layer of an encoder.

    name: in `TASKS`. stimuli: as the task's `sets` makes them from a shipped set, or others.
    layers: names; None is all. store: where frames are kept.
    rng: every layer gets the same draws, and so does every encoder that is given an equal
        generator: their scores are paired, item by item.
    progress: called with the layers done and the layers in all.

    Raises what the task and the extraction raise.
    """
    task = lookup("task", name, TASKS)
    wanted = list(encoder.layers if layers is None else layers)
    scores = []
    for features in features_of(encoder, stimuli, wanted, store):
        scores.append(task.run(features, stimuli, deepcopy(rng)))
        if progress is not None:
            progress(len(scores), len(wanted))
    return scores
