"""Ridge maps with nested penalties: ours from cross-products, and scikit-learn's grid search.

Both choose a penalty for each target by its squared error on inner folds left out, refit on all
training folds, and give the correlation on the fold that was held out: same folds, same numbers.
Ours begins from the frames too: adding up the products is a part of its time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grounding.bench.timing import Work
from grounding.probes.ridge import errors, leave_each_out, sums_of

__all__ = ["ridge_maps"]

PENALTIES = np.logspace(-1, 5, 13)


def ridge_maps(
    frames: int, features: int, targets: int, *, folds: int, peer_folds: int
) -> Callable[[np.random.Generator], tuple[Work, Work]]:
    """Held-out correlations "fold target"; the peer may do fewer of the folds."""

    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        # Correlated features, as a model's are, and targets that a part of them tells.
        x = rng.normal(size=(frames, features)) @ rng.normal(size=(features, features))
        y = x[:, :8] @ rng.normal(size=(8, targets)) / np.sqrt(features)
        y += 3.0 * rng.normal(size=y.shape)
        fold = np.arange(frames) * folds // frames

        def ours() -> np.ndarray:
            sums = [sums_of(x[fold == one], y[fold == one]) for one in range(folds)]
            found = leave_each_out(sums, PENALTIES)
            return np.stack([errors(s, n.ridge).r for s, n in zip(sums, found, strict=True)])

        def theirs() -> np.ndarray:
            return np.stack([_searched(x, y, fold, one) for one in range(peer_folds)])

        return ours, theirs

    return make


def _searched(x: np.ndarray, y: np.ndarray, fold: np.ndarray, held: int) -> np.ndarray:
    """Return the correlations of one fold by a grid search over the others."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def score(model, x, y):
        # All targets from one prediction, each scored alone.
        return {str(k): -one for k, one in enumerate(((model.predict(x) - y) ** 2).sum(axis=0))}

    train, test = fold != held, fold == held
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()),
        {"ridge__alpha": PENALTIES},
        cv=PredefinedSplit(fold[train]),
        scoring=score,
        refit=False,
    ).fit(x[train], y[train])
    scores = [search.cv_results_[f"mean_test_{k}"] for k in range(y.shape[1])]
    best = PENALTIES[np.argmax(scores, axis=1)]
    model = make_pipeline(StandardScaler(), Ridge(best)).fit(x[train], y[train])
    read, true = model.predict(x[test]), y[test]
    return np.array([np.corrcoef(read[:, k], true[:, k])[0, 1] for k in range(y.shape[1])])
