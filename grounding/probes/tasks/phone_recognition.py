"""Which phones are said, of words that were never heard? A linear layer, trained with CTC.

Connectionist temporal classification (Graves and others 2006) needs no times of phones: it sums
over all alignments. The features stay as they are; one linear layer over whitened steps is
trained, the best phone of every step is taken, repeats and blanks go. A bonus for the blank, which
a recogniser calls its insertion penalty, is chosen on training words that are held out for it.
Words that are written or sound alike stay on one side of the split. Phone accuracy is 1 less the
phone error rate: it can be below 0, and every phone counts alike. Chance is what one answer to all
gets: of the training strings, the one nearest to the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.probes.splits import folds
from grounding.probes.tasks.apart import phone_strings
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.record import TaskScore
from grounding.spaces.edit import edit_distances, unit_costs
from grounding.stimuli import Stimulus

__all__ = ["phone_errors", "recognise", "run"]

Frames = Float[np.ndarray, "_step feature"]

FOLDS = 3
EPOCHS, BATCH, RATE = 25, 32, 0.05
FLOOR = 1e-3  # of the mean variance, added to every direction's before it is divided by
HELD = 5  # one part in so many of the training groups chooses the bonus
BONUSES = tuple(float(k) for k in range(-1, 13))
NEAREST_OF = 200  # training strings among which chance's one answer is sought


def run(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Recognise the phones of `stimuli`, words held out.

    Raises `UserError` for a stimulus without phones, or steps too few for the phones of more
    than half of the training stimuli.
    """
    if lacking := [s.id for s in stimuli if not s.phones]:
        raise UserError(
            f"stimulus {lacking[0]!r} has no phones ({len(lacking)} of {len(stimuli)}); needed the "
            "manifest field phones. Add it, or leave these stimuli out."
        )
    return recognise(features, stimuli, phone_strings(stimuli), rng)


def recognise(
    features: Features,
    stimuli: Sequence[Stimulus],
    groups: Sequence[str],
    rng: np.random.Generator,
) -> TaskScore:
    """Recognise phones while `groups` of stimuli are held out."""
    frames, strings = features.of(stimuli), [tuple(s.phones or ()) for s in stimuli]
    errors, guessed = np.empty(len(stimuli)), np.empty(len(stimuli))
    unused = 0
    for fold in folds(groups, FOLDS, rng):
        fits = [p for p in fold.train if _needed(strings[p]) <= len(frames[p])]
        unused += len(fold.train) - len(fits)
        if len(fits) * 2 < len(fold.train):
            raise UserError(
                f"{features.encoder} makes fewer steps than phones need in "
                f"{len(fold.train) - len(fits)} of {len(fold.train)} training stimuli: CTC cannot "
                "be trained. Take an encoder with more steps a second, or slower speech."
            )
        tested = [frames[place] for place in fold.test]
        train = [strings[place] for place in fits]
        inner = [groups[place] for place in fits]
        answers = _answers([frames[place] for place in fits], train, inner, tested, rng)
        constant = _central(train, rng)
        for place, answer in zip(fold.test, answers, strict=True):
            errors[place] = phone_errors(strings[place], answer)
            guessed[place] = phone_errors(strings[place], constant)
    length = np.array([len(string) for string in strings], dtype=np.float64)
    return TaskScore(
        task="phone-recognition",
        unit="phone accuracy",
        chance=1.0 - float(guessed.sum() / length.sum()),
        split="words: in writing and in sound",
        encoder=features.encoder,
        layer=features.layer,
        ids=tuple(stimulus.id for stimulus in stimuli),
        marks=1.0 - errors / length,
        weights=length,
        groups=tuple(groups),
        left_out={"not trained on in a fold, having fewer steps than phones need": unused},
    )


def phone_errors(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return how many phones have to be replaced, inserted or deleted.

    >>> phone_errors(["k", "æ", "t"], ["æ", "d"])
    2.0
    """
    symbols = sorted({*truth, *answer})
    costs = unit_costs(len(symbols))
    return float(edit_distances([truth, answer], symbols, costs, 1.0)[0, 1])


def _needed(string: Sequence[str]) -> int:
    """Return how many steps CTC needs: one a phone, and a blank between equal ones."""
    return len(string) + sum(a == b for a, b in pairwise(string))


def _central(strings: Sequence[tuple[str, ...]], rng: np.random.Generator) -> tuple[str, ...]:
    """Return the string with the least edit distance to the others."""
    some = [strings[place] for place in rng.permutation(len(strings))[:NEAREST_OF]]
    symbols = sorted({phone for string in some for phone in string})
    distances = edit_distances(some, symbols, unit_costs(len(symbols)), 1.0)
    return some[int(distances.sum(axis=1).argmin())]


def _answers(
    frames: Sequence[Frames],
    strings: Sequence[tuple[str, ...]],
    groups: Sequence[str],
    others: Sequence[Frames],
    rng: np.random.Generator,
) -> list[tuple[str, ...]]:
    """Train on four fifths of the training groups, choose the bonus on the rest, and answer."""
    part = folds(groups, HELD, rng)[0]
    layer = _trained([frames[p] for p in part.train], [strings[p] for p in part.train], rng)
    heard = [layer.scores(frames[place]) for place in part.test]
    truths = [strings[place] for place in part.test]
    errors = [
        sum(phone_errors(a, layer.phones(s, b)) for a, s in zip(truths, heard, strict=True))
        for b in BONUSES
    ]
    bonus = BONUSES[int(np.argmin(errors))]
    return [layer.phones(layer.scores(one), bonus) for one in others]


@dataclass(frozen=True, eq=False)
class _Layer:
    """A trained layer; column 0 of the weights is the blank, the others are `symbols`."""

    symbols: tuple[str, ...]
    weight: Float[np.ndarray, "feature symbol"]
    bias: Float[np.ndarray, " symbol"]

    def scores(self, frames: Frames) -> Float[np.ndarray, "step symbol"]:
        return frames @ self.weight + self.bias

    def phones(self, scores: Float[np.ndarray, "step symbol"], bonus: float) -> tuple[str, ...]:
        """Return the best phone of every step, less repeats and blanks."""
        best = np.column_stack([scores[:, 0] + bonus, scores[:, 1:]]).argmax(axis=1)
        return tuple(self.symbols[k - 1] for k, _ in groupby(best.tolist()) if k)


def _trained(
    frames: Sequence[Frames], strings: Sequence[tuple[str, ...]], rng: np.random.Generator
) -> _Layer:
    """Train a linear layer from zero; nothing is drawn but the order of the stimuli."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    symbols = tuple(sorted({phone for string in strings for phone in string}))
    number = {symbol: place for place, symbol in enumerate(symbols, start=1)}
    mean, basis = _white(np.concatenate(frames))
    x = [torch.from_numpy(((one - mean) @ basis).astype(np.float32)) for one in frames]
    y = [torch.tensor([number[phone] for phone in string]) for string in strings]
    weight = torch.zeros(len(mean), len(symbols) + 1, requires_grad=True)
    bias = torch.zeros(len(symbols) + 1, requires_grad=True)
    optimiser = torch.optim.Adam([weight, bias], lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    loss = torch.nn.CTCLoss()
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            some = order[start : start + BATCH]
            steps = torch.tensor([len(x[place]) for place in some])
            phones = torch.tensor([len(y[place]) for place in some])
            scores = (pad_sequence([x[place] for place in some]) @ weight + bias).log_softmax(-1)
            optimiser.zero_grad()
            loss(scores, torch.cat([y[place] for place in some]), steps, phones).backward()
            optimiser.step()
        schedule.step()
    slopes = basis @ weight.detach().numpy().astype(np.float64)
    return _Layer(symbols, slopes, bias.detach().numpy() - mean @ slopes)


def _white(
    frames: Float[np.ndarray, "step feature"],
) -> tuple[Float[np.ndarray, " feature"], Float[np.ndarray, "feature feature"]]:
    """Return the mean, and a basis in which features are uncorrelated and of like variance.

    It changes no linear layer, but how fast one is learnt: without it, features that move together
    take ten times the passes.
    """
    mean = frames.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(np.cov(frames - mean, rowvar=False).reshape(2 * mean.shape))
    floor = FLOOR * values.mean() or 1.0
    return mean, vectors / np.sqrt(np.maximum(values, 0.0) + floor)
