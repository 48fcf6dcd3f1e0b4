"""Extract on a Dask cluster: on this machine, at a running scheduler, or through SLURM.

A worker is sent a request for an encoder and pieces of work (see `working`); it reads recordings
and writes shards itself. So stimuli, store and weights must be found under the same paths by all.
What is on the wire is names, paths and labels, never sound and never features.

A worker that dies loses the shard it was at, which another computes from the start. The shards are
those of a run without a cluster: to the byte for the same versions, kind of processor and number
of threads, else to rounding. Two workers that are given the same shard share it by its lock.

dask and dask-jobqueue are an extra (`pip install 'speech-grounding[cluster]'`); nothing here
imports them before a cluster is asked for. README.md beside this file has recipes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from grounding.activations.extraction import Layers, extract_stored, plan_of
from grounding.activations.running import available_processors
from grounding.activations.working import Plan, Progress, Work, compute_shard
from grounding.encoders import ENCODERS, Encoder
from grounding.encoders.loading import load_request
from grounding.encoders.request import Request
from grounding.errors import GroundingError, UserError
from grounding.tables import lookup

if TYPE_CHECKING:
    from distributed import Client

    from grounding.activations.stored import StoredActivations
    from grounding.stimuli import Stimulus

__all__ = ["CLUSTERS", "anywhere", "compute_on", "connected", "extract_on", "map_on"]

RETRIES = 2
"""How often a shard is tried again after an error that is no fault of the input."""

ANSWERS = "30s"
"""How long a scheduler may take to answer."""

ONE_AT_A_TIME = threading.Lock()
"""Of this process: a worker may have several threads, and a model takes one."""

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Cluster:
    """A kind of cluster; `start` takes what follows the colon and gives what a client joins."""

    name: str
    form: str
    description: str
    start: Callable[[str], Any]


def _local(count: str) -> Any:
    from distributed import LocalCluster

    workers = _whole("local", count) if count else available_processors()
    return LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")


def _slurm(count: str) -> Any:
    from dask_jobqueue import SLURMCluster

    try:
        cluster = SLURMCluster()
    except (ValueError, TypeError) as error:
        raise UserError(
            f"dask-jobqueue cannot start SLURM jobs: {str(error).strip().splitlines()[0]} Needed: "
            "at least cores and memory under jobqueue.slurm in ~/.config/dask/jobqueue.yaml; "
            "grounding/activations/README.md has one to copy."
        ) from error
    cluster.scale(jobs=_whole("slurm", count) if count else 1)
    return cluster


CLUSTERS: Mapping[str, Cluster] = {
    cluster.name: cluster
    for cluster in (
        Cluster("local", "local[:WORKERS]", "processes on this machine, one thread each", _local),
        Cluster("tcp", "tcp://HOST:PORT", "a scheduler that runs", lambda rest: f"tcp:{rest}"),
        Cluster("tls", "tls://HOST:PORT", "the same, encrypted", lambda rest: f"tls:{rest}"),
        Cluster("slurm", "slurm[:JOBS]", "jobs as dask's jobqueue.slurm describes them", _slurm),
    )
}


@contextmanager
def connected(cluster: str) -> Iterator[Client]:
    """Give a client of a cluster, which is started for it unless it runs already.

    cluster: a form of `CLUSTERS`: "local:4", "tcp://host:8786", "slurm:10".

    Raises `UserError` for another form, where dask is not installed, or when no scheduler answers.
    """
    name, _, rest = cluster.partition(":")
    kind = lookup("kind of cluster", name, CLUSTERS)
    try:
        from distributed import Client

        started = kind.start(rest)
    except ImportError as error:
        raise UserError(
            f"the cluster {cluster!r} needs the package {error.name!r}, which is not installed. "
            "Install the extra: pip install 'speech-grounding[cluster]'."
        ) from error
    try:
        client = Client(started, timeout=ANSWERS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(
            f"no scheduler answers at {cluster!r} ({type(error).__name__}). Start one with "
            "'dask scheduler', or correct the address."
        ) from error
    with _closing(started), client:
        yield client


def extract_on(
    client: Client,
    wish: Request | Encoder,
    stimuli: Sequence[Stimulus],
    pooling: str,
    store: str | Path,
    progress: Progress | None = None,
    layers: Layers | None = None,
) -> StoredActivations:
    """Bring pooled activations into the store on a cluster, and return where they are.

    wish: a request; or an encoder, which must pickle. See `extract_stored` for the rest.
    """
    wish = anywhere(wish)
    encoder = load_request(wish) if isinstance(wish, Request) else wish
    plan = plan_of(encoder, stimuli, (pooling,), store, layers)
    compute_on(client, wish, plan, store, progress)
    return extract_stored(encoder, stimuli, pooling, store, layers=layers)


def compute_on(
    client: Client,
    wish: Request | Encoder,
    plan: Plan,
    store: str | Path,
    progress: Progress | None = None,
) -> None:
    """Do the work of a plan on a cluster; `extract` and its like then only read.

    wish: what the plan's encoder was asked for by; or that encoder, which must pickle.
    progress: called with the number of stimuli done and in all, after each shard.

    Raises what `extract` raises, in the same words; and `UserError` if workers die at one shard
    again and again, or if they have other weights or versions than this process. What other
    shards were finished by then is kept.
    """
    from distributed import KilledWorker, as_completed

    report = progress or (lambda done, total: None)
    done, total = plan.done, plan.done + sum(len(work.keys) for work in plan.works)
    report(done, total)
    given, folder = anywhere(wish), Path(store).absolute()
    futures = {
        client.submit(_attempt, given, _anywhere(work), folder, pure=False, retries=RETRIES): work
        for work in plan.works
    }
    try:
        for future in as_completed(futures, loop=client.loop):
            work = futures[future]
            try:
                found = future.result()
            except KilledWorker as error:
                raise UserError(
                    f"workers died again and again at the stimuli {work.stimuli[0].id!r} to "
                    f"{work.stimuli[-1].id!r}. Often they lack memory: start fewer on a machine, "
                    "or ask for more of it. Finished shards are kept."
                ) from error
            if isinstance(found, GroundingError):
                raise found
            _check_same(found, plan, work, store)
            done += len(work.keys)
            report(done, total)
    finally:
        client.cancel([future for future in futures if not future.done()])


def map_on(client: Client) -> Callable[[Callable[[Item], Made], Iterable[Item]], Iterator[Made]]:
    """Return a function like `map` whose calls are made on a cluster, for `bootstrap`'s `map`.

    The function that is mapped goes to each worker once, whatever it holds.
    """

    def mapped(function: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
        there = client.scatter(function, broadcast=True, hash=False)
        futures = [client.submit(_call, there, item, pure=False) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            client.cancel(futures)

    return mapped


def anywhere(wish: Request | Encoder) -> Request | Encoder:
    """Return a request that means the same in any working folder: with whole paths."""
    if not isinstance(wish, Request) or wish.name in ENCODERS:
        return wish
    prefix, colon, path = wish.name.rpartition(":")
    if not path or not Path(path).exists():
        return wish
    return replace(wish, name=f"{prefix}{colon}{Path(path).absolute()}")


def _anywhere(work: Work) -> Work:
    """Return work on stimuli whose folders are whole paths."""
    if all(stimulus.folder.is_absolute() for stimulus in work.stimuli):
        return work
    whole = tuple(replace(s, folder=s.folder.absolute()) for s in work.stimuli)
    return replace(work, stimuli=whole)


def _attempt(
    wish: Request | Encoder, work: Work, store: Path
) -> tuple[tuple[str, str], ...] | GroundingError:
    """Do a shard; return the folder and file of each result, or what is wrong with the input.

    Such an error is returned and not raised, so that only other errors are tried again.
    """
    try:
        with ONE_AT_A_TIME:
            paths = compute_shard(wish, work, store)
    except GroundingError as error:
        return error.with_traceback(None)
    return tuple((path.parents[1].name, path.name) for path in paths)


def _call(function: Callable[[Item], Made], item: Item) -> Made:
    return function(item)


def _check_same(
    found: Sequence[tuple[str, str]], plan: Plan, work: Work, store: str | Path
) -> None:
    """Raise `UserError` if a worker wrote what another encoder gives."""
    ours = {plan.collections[r.name].folder.parent.name for r in work.reductions}
    theirs = {folder for folder, _ in found}
    if ours != theirs:
        raise UserError(
            f"the workers' encoder is not this process' own: they wrote to {', '.join(theirs)} in "
            f"{store}, and {', '.join(ours)} was expected. Give them the same weights and the same "
            "versions of torch and transformers; encoder.json there says what they have."
        )


def _closing(started: Any) -> AbstractContextManager[Any]:
    """Return what ends the cluster that was started; nothing for one that ran already."""
    from contextlib import nullcontext

    return nullcontext() if isinstance(started, str) else started


def _whole(name: str, count: str) -> int:
    if not count.isdecimal() or int(count) < 1:
        raise UserError(
            f"a cluster is given as {CLUSTERS[name].form} with a whole number from 1; found "
            f"'{name}:{count}'."
        )
    return int(count)
