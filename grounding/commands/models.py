"""`grounding models` and `grounding rsa`: what there is, and how it agrees with a space."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grounding.commands.lists import split
from grounding.errors import UserError

if TYPE_CHECKING:
    from grounding.activations import Activations

__all__ = ["models", "rsa"]

Stimuli = Annotated[str, typer.Option(help="A shipped set's name, or a folder.")]
Models = Annotated[str, typer.Option(help="Names, hub ids or folders, separated by commas.")]
Window = Annotated[float | None, typer.Option(help="Seconds, for Whisper; default its own 30.")]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Let the model run its own code here.")
]
RandomSeed = Annotated[int | None, typer.Option(help="Use random weights from this seed.")]
Store = Annotated[Path | None, typer.Option(help="Folder of features; default the cache.")]


def models(
    name: Annotated[str, typer.Argument(help="One to show: a name, a hub id or a folder.")] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Run it, and measure what every encoder promises.")
    ] = False,
    window: Window = None,
    random_seed: RandomSeed = None,
    trust_remote_code: TrustRemoteCode = False,
) -> None:
    """List encoders and families of models, show one whole, or --check it (exit status 1: fails).

    A list and a name of the table need no weights; a hub id is fetched if it is not here.
    """
    from grounding.commands.showing import check_one, list_all, show_one
    from grounding.encoders.request import Request

    if not name:
        if check or window is not None or random_seed is not None or trust_remote_code:
            raise UserError("say which model, as in: grounding models whisper-tiny.en --check.")
        list_all()
        return
    request = Request(
        name,
        weights="trained" if random_seed is None else "random",
        seed=random_seed,
        window=window,
        trust_remote_code=trust_remote_code,
    )
    if not check:
        show_one(request)
    elif not check_one(request):
        raise typer.Exit(1)


def rsa(
    stimuli: Stimuli,
    models: Models,
    space: Annotated[str, typer.Option(help="Reference space.")],
    measure: Annotated[str, typer.Option(help="How two RDMs are compared.")],
    metric: Annotated[str, typer.Option(help="How a layer's RDM is made.")],
    pooling: Annotated[str, typer.Option(help="How steps become one vector.")],
    controls: Annotated[str, typer.Option(help="Spaces to partial out, by commas.")] = "",
    pairs: Annotated[str, typer.Option(help="all, between or within transcripts.")] = "all",
    resamples: Annotated[int, typer.Option(help="Bootstrap samples.", min=20)] = 1000,
    permutations: Annotated[int, typer.Option(help="Permutations.", min=1)] = 1000,
    seed: Annotated[int, typer.Option(help="Of resamples and permutations.")] = 0,
    window: Window = None,
    random_seed: RandomSeed = None,
    store: Store = None,
) -> None:
    """Print the agreement of every layer with a space: interval, p, and p with the maximum."""
    import numpy as np

    from grounding.commands.tables import print_table
    from grounding.rsa import bootstrap, permutation_test, rdm
    from grounding.spaces import space as space_of
    from grounding.stimuli import read_stimuli

    chosen = read_stimuli(stimuli)
    reference = space_of(space, chosen).rdm()
    shared: dict[str, Any] = {
        "measure": measure,
        "controls": [space_of(name, chosen).rdm() for name in split(controls)],
        "pairs": pairs,
        "groups": chosen.transcripts,
    }
    rows = []
    for acts in _activations(stimuli, split(models), pooling, window, random_seed, store):
        layers = [rdm(acts.layer(k), acts.ids, metric=metric, name=k) for k in acts.layers]
        drawn = bootstrap(
            layers, [reference], **shared, n=resamples, rng=np.random.default_rng(seed)
        )
        test = permutation_test(
            layers, reference, **shared, n=permutations, rng=np.random.default_rng(seed)
        )
        low, high = drawn.interval(0.95)
        for k, layer in enumerate(acts.layers):
            value = f"{drawn.estimate[k, 0]:.3f}"
            interval = f"[{low[k, 0]:.3f}, {high[k, 0]:.3f}]"
            rows.append(
                [acts.encoder, layer, value, interval, f"{test.p[k]:.4f}", f"{test.p_max[k]:.4f}"]
            )
    title = f"{measure} with {space}, {pairs} pairs, {len(chosen)} stimuli"
    print_table(["model", "layer", "agreement", "95% interval", "p", "p, max"], rows, title)


def _activations(
    stimuli: str,
    models: list[str],
    pooling: str,
    window: float | None,
    random_seed: int | None,
    store: Path | None,
) -> Iterator[Activations]:
    from grounding.activations import extract as extract_features
    from grounding.encoders import load_encoder
    from grounding.encoders.cache import cache_folder
    from grounding.progress import shown
    from grounding.stimuli import read_stimuli

    chosen = read_stimuli(stimuli)
    weights: dict[str, Any] = {}
    if random_seed is not None:
        weights = {"weights": "random", "seed": random_seed}
    encoders = [load_encoder(name, window=window, **weights) for name in models]
    with shown() as report:
        for encoder in encoders:
            yield extract_features(
                encoder,
                chosen,
                pooling=pooling,
                store=store or cache_folder() / "activations",
                progress=partial(report, encoder.name),
            )
