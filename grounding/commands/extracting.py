"""`grounding extract` and `grounding prune`: fill the store, look after it, free it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grounding.commands.lists import split
from grounding.commands.models import RandomSeed, Store, TrustRemoteCode, Window
from grounding.errors import UserError

if TYPE_CHECKING:
    from grounding.encoders import Encoder
    from grounding.encoders.controls import Wish
    from grounding.stimuli import StimulusSet

__all__ = ["extract", "prune"]

Report = Callable[[int, int], None]
Row = list[str]


def extract(
    stimuli: Annotated[str, typer.Option(help="A shipped set's name, or a folder.")] = "",
    models: Annotated[str, typer.Option(help="Names, hub ids or folders, by commas.")] = "",
    pooling: Annotated[str, typer.Option(help="How steps become one vector.")] = "mean",
    layers: Annotated[str, typer.Option(help="Their names, by commas; default all.")] = "",
    spans: Annotated[str, typer.Option(help="phone, word or utterance: a vector each.")] = "",
    frames: Annotated[str, typer.Option(help="float32 or float16: keep every step.")] = "",
    window: Window = None,
    random_seed: RandomSeed = None,
    context: Annotated[
        str | None, typer.Option(help="Frame that text models read each transcript in.")
    ] = None,
    script: Annotated[
        str | None, typer.Option(help="spelling or phones: what text models read.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="float32 or bfloat16: what models compute in.")
    ] = None,
    trust_remote_code: TrustRemoteCode = False,
    control: Annotated[
        str, typer.Option(help="Controls too: random:3,shuffled-layers:1,acoustics (:SEEDS).")
    ] = "",
    cluster: Annotated[
        str, typer.Option(help="Run on Dask: local:4, tcp://HOST:PORT or slurm:10.")
    ] = "",
    store: Store = None,
    verify: Annotated[bool, typer.Option("--verify", help="Re-hash what is stored.")] = False,
    remove_damaged: Annotated[
        bool, typer.Option("--remove-damaged", help="With --verify: to compute them anew.")
    ] = False,
) -> None:
    """Extract layers of models for a stimulus set into the store; resumes where it stopped."""
    from grounding.commands.tables import print_table

    if remove_damaged and not verify:
        raise UserError("--remove-damaged removes what --verify finds; give both.")
    if verify:
        if stimuli or models:
            raise UserError("--verify reads all of the store; give neither --stimuli nor --models.")
        _verify(_store(store), remove_damaged)
        return
    if not stimuli or not models:
        raise UserError("say what to extract: --stimuli and --models (or --verify).")
    if spans and frames:
        raise UserError("--spans averages steps and --frames keeps them; give one of them.")
    work = _spans if spans else _frames if frames else _pooled
    how = spans or frames or pooling
    shared: dict[str, Any] = {"window": window, "context": context, "script": script}
    shared |= {"dtype": dtype, "trust_remote_code": trust_remote_code}
    if random_seed is not None:
        shared |= {"weights": "random", "seed": random_seed}
    wishes = _wishes(split(models), split(control), shared)
    rows = _extracted(stimuli, wishes, work, how, split(layers), cluster, _store(store))
    print_table(["model", "layers", "stimuli", "rows", "features", "kept as"], rows)


def prune(
    models: Annotated[str, typer.Option(help="Free only what these gave, by commas.")] = "",
    older_than: Annotated[
        float | None, typer.Option(help="Free only what is older, in days.", min=0)
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Free only what this version cannot read.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be freed, and free nothing.")
    ] = False,
    store: Store = None,
) -> None:
    """Free what the store holds of some models, older than an age, or in an unknown format."""
    from grounding.activations.upkeep import keep_unless
    from grounding.activations.upkeep import prune as prune_store
    from grounding.commands.tables import print_table

    keep = keep_unless(tuple(split(models)), older_than, unknown)
    freed = prune_store(_store(store), keep, dry_run)
    rows = [[h.encoder, h.revision, h.pooling, str(h.shards), str(h.bytes)] for h in freed]
    if rows:
        print_table(["model", "revision", "kept as", "shards", "bytes"], rows)
    said = "would be freed" if dry_run else "freed"
    print(f"{sum(h.bytes for h in freed)} bytes {said}")


def _verify(store: Path, remove: bool) -> None:
    from grounding.activations.upkeep import verify
    from grounding.progress import shown

    with shown() as report:
        found = verify(store, partial(report, "verify"))
    print(f"{found.shards} shards, {found.bytes} bytes, {len(found.damaged)} damaged")
    if found.unknown:
        print(f"{len(found.unknown)} folders of another version were not read (grounding prune)")
    for path in found.damaged:
        if remove:
            path.unlink()
        print(f"{'removed' if remove else 'damaged'}: {path}")
    if found.damaged and not remove:
        raise UserError(
            f"{len(found.damaged)} shards of {store} are damaged. With --remove-damaged they go, "
            "and the next extraction computes their stimuli anew."
        )


def _store(store: Path | None) -> Path:
    from grounding.encoders.cache import cache_folder

    return store or cache_folder() / "activations"


def _wishes(
    models: Sequence[str], controls: Sequence[str], shared: Mapping[str, Any]
) -> list[Wish]:
    """Return the models, all asked for with the `shared` fields, and their controls, each once."""
    from grounding.encoders.controls import CONTROLS, control_wishes
    from grounding.encoders.request import Request

    chosen = []
    for text in controls:
        kind, colon, count = text.partition(":")
        seeded = kind not in CONTROLS or CONTROLS[kind].seeded
        if colon and not (seeded and count.isdecimal() and int(count)):
            raise UserError(
                f"a control is a kind, or a kind and a number of seeds from 1 if it has seeds, "
                f"such as random:3; found {text!r}. Kinds: {', '.join(CONTROLS)}."
            )
        chosen.append((kind, range(int(count or 1))))
    wishes: list[Wish] = []
    for name in models:
        model = Request(name, **shared)
        wishes.append(model)
        for kind, seeds in chosen:
            wishes += control_wishes(model, [kind], seeds)
    return list(dict.fromkeys(wishes))


def _extracted(
    stimuli: str,
    wishes: Sequence[Wish],
    work: Callable[..., Row],
    how: str,
    layers: Sequence[str],
    cluster: str,
    store: Path,
) -> list[Row]:
    """Do the work for each model; return the table's rows."""
    from grounding.encoders.loading import load_request
    from grounding.encoders.request import Request
    from grounding.progress import shown
    from grounding.stimuli import read_stimuli

    chosen = read_stimuli(stimuli)
    encoders = [load_request(wish) if isinstance(wish, Request) else wish for wish in wishes]
    names = [encoder.name for encoder in encoders]
    rows = []
    with _client(cluster) as client, shown() as report:
        for wish, encoder in zip(wishes, encoders, strict=True):
            unique = names.count(encoder.name) == 1
            name = encoder.name if unique else f"{encoder.name} ({encoder.revision})"
            progress: Report = partial(report, name)
            if client is not None:
                _compute(client, wish, encoder, chosen, (work, how), layers, store, progress)
                progress = _silent
            row = work(encoder, chosen, how, layers or None, store, progress)
            rows.append([name, *row[1:]])
    return rows


def _silent(done: int, total: int) -> None:
    """Report nothing."""


def _client(cluster: str) -> AbstractContextManager[Any]:
    if not cluster:
        return nullcontext()
    from grounding.activations.cluster import connected

    return connected(cluster)


def _compute(
    client: Any,
    wish: Wish,
    encoder: Encoder,
    stimuli: StimulusSet,
    kept: tuple[Callable[..., Row], str],
    layers: Sequence[str],
    store: Path,
    progress: Report,
) -> None:
    """Do the work on a cluster, so that here it is only read."""
    from grounding.activations import plan_of, spans_of
    from grounding.activations.by_span import SpanMeans
    from grounding.activations.cluster import compute_on
    from grounding.activations.frames import KeptFrames, refuse_without_room

    work, how = kept
    reduction: Any = how
    if work is _spans:
        text = encoder.modality == "text"
        spans = spans_of(stimuli, how, "character" if text else "second")
        reduction = SpanMeans.of(how, spans)
    elif work is _frames:
        reduction = KeptFrames(how)
    plan = plan_of(encoder, stimuli, (reduction,), store, layers or None)
    if work is _frames:
        refuse_without_room(encoder, plan, store, how)
    compute_on(client, wish, plan, store, progress)


def _row(encoder: Encoder, layers: int, stimuli: int, shape: tuple[int, ...], kept: str) -> Row:
    return [encoder.name, str(layers), str(stimuli), str(shape[0]), str(shape[1]), kept]


def _pooled(
    encoder: Encoder,
    stimuli: StimulusSet,
    pooling: str,
    layers: Sequence[str] | None,
    store: Path,
    progress: Report,
) -> Row:
    from grounding.activations import extract_stored

    acts = extract_stored(encoder, stimuli, pooling, store, progress, layers)
    return _row(encoder, len(acts.layers), len(acts.ids), acts.layer(0).shape, pooling)


def _spans(
    encoder: Encoder,
    stimuli: StimulusSet,
    kind: str,
    layers: Sequence[str] | None,
    store: Path,
    progress: Report,
) -> Row:
    from grounding.activations import extract_spans

    acts = extract_spans(encoder, stimuli, kind, store, progress, layers)
    shape = acts.layer(0).shape
    return _row(encoder, len(acts.layers), len(set(acts.stimuli)), shape, f"{kind} means")


def _frames(
    encoder: Encoder,
    stimuli: StimulusSet,
    dtype: str,
    layers: Sequence[str] | None,
    store: Path,
    progress: Report,
) -> Row:
    from grounding.activations import extract_frames

    kept = extract_frames(encoder, stimuli, layers or encoder.layers, store, dtype, progress)
    shape = (kept.count, kept.of(kept.ids[0], 0).shape[1])
    return _row(encoder, len(kept.layers), len(kept.ids), shape, f"frames, {dtype}")
