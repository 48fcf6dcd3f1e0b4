"""What is timed against the tools that people would have used."""

from __future__ import annotations

from collections.abc import Mapping

from grounding.bench.ridge import ridge_maps
from grounding.bench.timing import Benchmark
from grounding.bench.work import (
    agreements,
    bootstraps,
    correlation_rdm,
    permutations,
    whitened_bootstrap,
)

__all__ = ["BENCHMARKS"]

BOOTSTRAP = "bootstrap, 13 models x 4 references, 200 stimuli, 1,000 samples"
AGREEMENTS = "13 x 4 agreements, 2,000 stimuli"

BENCHMARKS: Mapping[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            f"{BOOTSTRAP}, pearson",
            "rsatoolbox eval_bootstrap_pattern, 50 samples x 20",
            bootstraps("pearson", "corr", samples=1000, peer_samples=50),
            target=100,
            share=20,
        ),
        Benchmark(
            f"{BOOTSTRAP}, spearman",
            "rsatoolbox eval_bootstrap_pattern, 10 samples x 100",
            bootstraps("spearman", "spearman", samples=1000, peer_samples=10),
            target=30,
            share=100,
        ),
        Benchmark(
            f"{BOOTSTRAP}, rho-a",
            "rsatoolbox eval_bootstrap_pattern, 10 samples x 100",
            bootstraps("rho-a", "rho-a", samples=1000, peer_samples=10),
            target=30,
            share=100,
        ),
        Benchmark(
            f"{BOOTSTRAP}, whitened-correlation",
            "copies written out, 10 samples x 100 (rsatoolbox fails from 100 stimuli on)",
            whitened_bootstrap(samples=1000, slow_samples=10),
            share=100,
        ),
        Benchmark(
            "correlation RDM, 2,000 x 768",
            "rsatoolbox calc_rdm",
            correlation_rdm(2000, 768),
            target=15,
        ),
        Benchmark(
            f"{AGREEMENTS}, cosine",
            "rsatoolbox compare",
            agreements("cosine", "cosine", stimuli=2000),
            target=2,
        ),
        Benchmark(
            f"{AGREEMENTS}, pearson",
            "rsatoolbox compare",
            agreements("pearson", "corr", stimuli=2000),
            target=2,
        ),
        Benchmark(
            f"{AGREEMENTS}, spearman",
            "rsatoolbox compare",
            agreements("spearman", "spearman", stimuli=2000),
            target=2,
        ),
        Benchmark(
            f"{AGREEMENTS}, tau-a",
            "rsatoolbox compare, 1 model x 13",
            agreements("tau-a", "tau-a", stimuli=2000, peer_models=1),
            target=10,
            share=13,
        ),
        Benchmark(
            "permutation test, best of 13 layers, 200 stimuli, 1,000 permutations, pearson",
            "rsatoolbox permute_rdms + compare, 100 permutations x 10",
            permutations(1000, 100),
            target=7,
            share=10,
        ),
        Benchmark(
            "ridge maps, 5 folds, 20,000 frames x 384, 12 targets, 13 penalties",
            "scikit-learn GridSearchCV, 1 fold x 5",
            ridge_maps(20_000, 384, 12, folds=5, peer_folds=1),
            target=5,
            share=5,
        ),
    )
}
