"""What a model with several layers is compared by: its best layer, or a weighted sum of layers.

Either is fitted on some stimuli and then used on others: fitted and used on the same ones, both
agree with a reference that they have nothing to do with.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import nnls

from grounding.errors import UserError
from grounding.rsa.agreement import compare_many, ready_comparison
from grounding.rsa.comparison import unexplained
from grounding.rsa.folds import take
from grounding.rsa.measures import MEASURES, Measure
from grounding.rsa.pairs import choose_pairs
from grounding.rsa.rdm import RDM
from grounding.rsa.vectors import every_product, ready_vectors, transform
from grounding.tables import lookup

__all__ = ["CHOICES", "Mixture", "Places", "Terms", "best_layer", "one_layer", "weigh_layers"]

Places = Int[np.ndarray, " some"]  # of stimuli

ORDINAL = ("rho-a", "tau-a")  # measures of order whose products are not plain sums over ranks


@dataclass(frozen=True, eq=False)
class Terms:
    """What layers are compared with, and how; see `compare`."""

    reference: RDM
    controls: Sequence[RDM]
    groups: Sequence[Hashable] | None
    measure: str
    pairs: str

    def over(self, places: Places) -> Terms:
        """Return the same terms for the stimuli at these places."""
        return Terms(
            take(self.reference, places),
            [take(control, places) for control in self.controls],
            None if self.groups is None else [self.groups[i] for i in places],
            self.measure,
            self.pairs,
        )

    def agreement(self, layers: Sequence[RDM]) -> Float[np.ndarray, " layer"]:
        """Return the agreement of every layer with the reference."""
        return compare_many(
            layers,
            [self.reference],
            measure=self.measure,
            controls=self.controls,
            pairs=self.pairs,
            groups=self.groups,
        )[:, 0]


@dataclass(frozen=True, eq=False)
class Mixture:
    """A sum of layers: what each weighs.

    weights: one a layer, none of them negative, with the sum 1. They are comparable over layers,
        since each layer is divided by its unit.
    units: for each layer, its standard deviation over the pairs that were fitted to.
    ranked: whether the sum is one of mid-ranks, over the pairs that count.
    """

    weights: Float[np.ndarray, " layer"]
    units: Float[np.ndarray, " layer"]
    ranked: bool

    def over(self, layers: Sequence[RDM], places: Places, terms: Terms) -> RDM:
        """Return the sum of layers for the stimuli at these places, which the terms are about.

        One layer that has all the weight stays as it is.
        """
        used = np.flatnonzero(self.weights).tolist()
        here = [take(layers[k], places) for k in used]
        if len(here) == 1:
            return here[0]
        chosen = choose_pairs(len(places), terms.pairs, terms.groups)
        total = np.zeros(chosen.count)
        for k, layer in zip(used, here, strict=True):
            share = self.weights[k] / self.units[k]
            total += share * _values(chosen.values(layer), self.ranked)
        values = np.zeros(len(here[0].values))  # pairs that do not count stay 0
        values[slice(None) if chosen.chosen is None else chosen.chosen] = total
        return RDM(values, terms.reference.ids, "weighted", "weighted layers")


def one_layer(layer: int, layers: int) -> Mixture:
    """Return the mixture that is one of so many layers."""
    return Mixture(np.eye(layers)[layer], np.ones(layers), ranked=False)


def best_layer(layers: Sequence[RDM], terms: Terms) -> Mixture:
    """Return the layer that agrees most with the reference."""
    return one_layer(int(np.argmax(terms.agreement(layers))), len(layers))


def weigh_layers(layers: Sequence[RDM], terms: Terms) -> Mixture:
    """Return the sum of layers, with no negative weight, that agrees most with the reference.

    Agreement is a cosine of vectors that the measure has transformed (centred, whitened, freed of
    controls), and the transform of a sum is the sum of transforms. Least squares without negative
    weights then finds the best sum. Where no layer agrees at all it would give every layer the
    weight 0; the best sum is then the single layer that disagrees least.

    Under a ranked measure layers are summed as mid-ranks, and fitted to mid-ranks: a sum of values
    would change with a strictly increasing function of one layer, which such a measure must not
    see. The sum is ranked again where it is scored, so that its weights are nearly the best. For
    rho-a and tau-a they are those of spearman.

    Layers that are equal to each other may share their weight in any way.

    Raises what `compare` raises, and `UserError` for a measure that is no cosine and not of order.
    """
    measure = _fitted_measure(terms.measure)
    comparison, agreement = ready_comparison(
        layers,
        [terms.reference],
        measure=measure.name,
        controls=terms.controls,
        pairs=terms.pairs,
        groups=terms.groups,
    )
    gram = unexplained(every_product(comparison.vectors), len(layers) + 1)
    weights = _least_squares(gram)
    if not weights.any():
        return one_layer(int(np.argmax(agreement[:, 0])), len(layers))
    values = (_values(comparison.pairs.values(layer), measure.ranked) for layer in layers)
    units = np.array([one.std(dtype=np.float64) or 1.0 for one in values])
    weights = weights * units
    return Mixture(weights / weights.sum(), units, measure.ranked)


CHOICES: Mapping[str, Callable[[Sequence[RDM], Terms], Mixture]] = {
    "held-out": best_layer,
    "weighted": weigh_layers,
}


def _fitted_measure(name: str) -> Measure:
    record = lookup("measure", name, MEASURES)
    if name in ORDINAL:
        return MEASURES["spearman"]
    if record.direct is not None:
        able = ", ".join(
            other for other, one in MEASURES.items() if one.direct is None or other in ORDINAL
        )
        raise UserError(f"no weights of layers can be fitted under {name}: take one of {able}")
    return record


def _values(values: Float[np.ndarray, " pair"], ranked: bool) -> Float[np.ndarray, " pair"]:
    if not ranked:
        return values
    ranks = transform(ready_vectors([values], MEASURES["spearman"]))[0]
    return ranks / len(ranks)  # from -1/2 to 1/2 whatever the number of pairs


def _least_squares(gram: Float[np.ndarray, "vector vector"]) -> Float[np.ndarray, " layer"]:
    """Return the weights of the layers, none negative, whose sum is nearest to the last vector.

    gram: the products of all vectors with each other.
    """
    own = np.diag(gram)
    scale = np.sqrt(np.where(own > 0.0, own, 1.0))
    value, vector = np.linalg.eigh(gram / np.outer(scale, scale))
    root = np.sqrt(np.clip(value, 0.0, None))[:, None] * vector.T
    weights, _ = nnls(root[:, :-1], root[:, -1])
    return weights / scale[:-1]
