"""Cut an extraction into pieces of work, one shard each, and do them.

What is to be done is a function of the request and of what is stored: what is missing, each key
once, cut into shards of near lengths (see `cutting`). So any number of processes, and a run that is
killed and resumed, make the same shards. The longest are done first: what is too long for the model
or the memory is known at once, and time left is rather told too long than too short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path

from grounding.activations.cutting import Sized, cut, sized
from grounding.activations.reduction import Reduction
from grounding.activations.running import ahead, decoded, encoded, model_threads
from grounding.activations.shards import Draft, shard_name
from grounding.activations.store import Collection, Index, collection, locked
from grounding.encoders import Encoder, load_encoder
from grounding.encoders.request import Request
from grounding.stimuli import Stimulus

__all__ = ["SHARD", "Plan", "Progress", "Work", "compute", "compute_shard", "make_plan"]

SHARD = 64
"""Stimuli encoded and stored together, at most. Company decides the last bits of the result."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Work:
    """The work of one shard (of one for each reduction); it can be pickled.

    keys: of the stimuli, in order. layers: names, in the encoder's order.
    """

    stimuli: tuple[Stimulus, ...]
    keys: tuple[str, ...]
    layers: tuple[str, ...]
    reductions: tuple[Reduction, ...]

    @property
    def name(self) -> str:
        """The file name of its shards."""
        return shard_name(self.keys, self.layers)


@dataclass(frozen=True, eq=False)
class Plan:
    """A whole extraction: its pieces of work, and how many stimuli are stored already.

    keys: of all stimuli, as they were given.
    """

    keys: tuple[str, ...]
    layers: tuple[str, ...]
    works: tuple[Work, ...]
    done: int
    collections: Mapping[str, Collection]
    known: Mapping[str, Index]


def make_plan(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    reductions: Sequence[Reduction],
    layers: Sequence[str],
    store: str | Path,
) -> Plan:
    """Return what is to be computed; the reductions must give a stimulus one key."""
    keys = tuple(reductions[0].key(encoder, stimulus) for stimulus in stimuli)
    first = dict(zip(reversed(keys), reversed(stimuli), strict=True))
    unique = list(dict.fromkeys(keys))
    wanted = tuple(layer for layer in encoder.layers if layer in set(layers))
    collections = {r.name: collection(store, encoder, r.name) for r in reductions}
    known = {name: place.index() for name, place in collections.items()}
    pieces: dict[tuple[tuple[Sized, ...], tuple[str, ...]], list[Reduction]] = {}
    sizes: dict[str, Sized] = {}
    for reduction in reductions:
        lacking: dict[tuple[str, ...], list[Sized]] = {}
        for key in unique:
            missing = _without(wanted, known[reduction.name].held(key))
            if missing:
                if key not in sizes:
                    sizes[key] = sized(encoder, first[key], key)
                lacking.setdefault(missing, []).append(sizes[key])
        for missing, some in lacking.items():
            for part in cut(some, SHARD):
                pieces.setdefault((part, missing), []).append(reduction)
    works = []
    for (part, missing), which in sorted(pieces.items(), key=lambda piece: piece[0], reverse=True):
        chosen = tuple(first[one.key] for one in part)
        their = tuple(one.key for one in part)
        works.append(Work(chosen, their, missing, tuple(r.part(chosen) for r in which)))
    return Plan(keys, wanted, tuple(works), len(unique) - len(sizes), collections, known)


@lru_cache(maxsize=64)
def _without(wanted: tuple[str, ...], held: frozenset[str]) -> tuple[str, ...]:
    return tuple(layer for layer in wanted if layer not in held)


def compute(
    encoder: Encoder, plan: Plan, store: str | Path, progress: Progress | None = None
) -> dict[str, Index]:
    """Do the work of a plan and return the index of each collection.

    A shard that another process is at is left to it, and looked for again at the end.
    """
    report = progress or (lambda done, total: None)
    done, total = plan.done, plan.done + sum(len(work.keys) for work in plan.works)
    report(done, total)
    pending, wait = list(plan.works), False
    while pending:
        left = []
        decode = partial(_heard, encoder, collections=plan.collections)
        with model_threads(encoder), closing(ahead(pending, decode)) as run:
            for work, heard in run:
                place = _Place(store, plan.collections, partial(_report, report, done, total))
                if _compute(encoder, work, heard, place, wait):
                    done += len(work.keys)
                    report(done, total)
                else:
                    left.append(work)
        wait = len(left) == len(pending)
        pending = left
    return {
        name: place.index(plan.known[name]) if plan.works else plan.known[name]
        for name, place in plan.collections.items()
    }


def compute_shard(encoder: Encoder | Request, work: Work, store: str | Path) -> tuple[Path, ...]:
    """Do one piece of work, in whichever process this is; return the shards' paths.

    encoder: an encoder, or a request for one, which is loaded once in a process. What is stored
    already is not computed; if another process is at it, this one waits for it.

    Raises what `extract` raises.
    """
    if isinstance(encoder, Request):
        encoder = _loaded(encoder)
    collections = {r.name: collection(store, encoder, r.name) for r in work.reductions}
    heard = _heard(encoder, work, collections)
    with model_threads(encoder):
        _compute(encoder, work, heard, _Place(store, collections), wait=True)
    return tuple(place.path(work.keys, work.layers) for place in collections.values())


@lru_cache(maxsize=2)
def _loaded(request: Request) -> Encoder:
    return load_encoder(**asdict(request))


@dataclass(frozen=True)
class _Place:
    """Where shards go, and whom to tell of each stimulus."""

    store: str | Path
    collections: Mapping[str, Collection]
    tick: Callable[[int], None] = lambda count: None


def _report(report: Progress, done: int, total: int, count: int) -> None:
    report(done + count, total)


def _lacking(work: Work, collections: Mapping[str, Collection]) -> list[Reduction]:
    """Return the reductions whose shard of this work is not there."""
    return [r for r in work.reductions if not (collections[r.name].folder / work.name).is_file()]


def _heard(
    encoder: Encoder, work: Work, collections: Mapping[str, Collection]
) -> Sequence[Stimulus]:
    return decoded(encoder, work.stimuli) if _lacking(work, collections) else ()


def _compute(
    encoder: Encoder, work: Work, heard: Sequence[Stimulus], place: _Place, wait: bool
) -> bool:
    """Do a piece of work; return whether it is done, which it is not if another is at it."""
    with locked(place.store, work.name, wait) as ours:
        if not ours:
            return False
        lacking = _lacking(work, place.collections)
        if lacking:
            _write(encoder, work, heard or decoded(encoder, work.stimuli), lacking, place)
    return True


def _write(
    encoder: Encoder,
    work: Work,
    heard: Sequence[Stimulus],
    lacking: Sequence[Reduction],
    place: _Place,
) -> None:
    steps = [encoder.steps(stimulus) for stimulus in heard]
    drafts = []
    for reduction in lacking:
        into = place.collections[reduction.name]
        into.describe()
        rows = [reduction.rows(s, at) for s, at in zip(work.stimuli, steps, strict=True)]
        path = into.path(work.keys, work.layers)
        drafts.append(Draft(path, work.keys, rows, work.layers, reduction.dtype))
    try:
        run = encoded(encoder, heard, work.layers, steps)
        for count, (which, array) in enumerate(run):
            for reduction, draft in zip(lacking, drafts, strict=True):
                stimulus = work.stimuli[which]
                draft.put(which, reduction.reduce(array, stimulus, steps[which]))
            place.tick(count)
        for draft in drafts:
            draft.finish()
    finally:
        for draft in drafts:
            draft.unfinished.unlink(missing_ok=True)
