"""Read the nouns of WordNet 3.0 and measure how far apart two senses are.

The files are `data.noun` and `index.noun` of Debian's package `wordnet-base` (format: wndb(5WN)).
A sense is named as usual: `bat.n.01` is the first sense of the noun "bat" in `index.noun`.

Distances, all 0 for one sense and at most 1, over the hypernym graph (a noun's kinds of kinds, up
to `entity`):

- `path`: 1 - 1 / (1 + edges on the shortest path through a shared ancestor);
- `wu-palmer`: 1 - 2 d / (2 d + steps), with d the depth of the deepest shared ancestor, counted
  in nodes from the root, and the steps up to it from both senses (Wu & Palmer 1994);
- `lin`: 1 - 2 IC(most informative shared ancestor) / (IC(a) + IC(b)) (Lin 1998), with the
  information content of Seco, Veale & Hayes (2004), IC = 1 - log(1 + hyponyms) / log(nouns),
  which needs no corpus: a sense says more, the fewer kinds of it there are.

No text corpus and no language model enters any of them.
"""

from __future__ import annotations

import hashlib
import math
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

DEB = "wordnet-base=1:3.0-37"
DEB_SHA256 = "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752"
MEASURES = ("path", "wu-palmer", "lin")


def download_wordnet() -> WordNetNouns:
    """Fetch Debian's package, check its sha256, and read the nouns; nothing is installed."""
    with tempfile.TemporaryDirectory() as folder:
        fetched = subprocess.run(["apt-get", "-qq", "download", DEB], cwd=folder)
        if fetched.returncode != 0:
            raise SystemExit(f"apt-get found no {DEB}; run `apt-get update`, on Debian 12")
        (package,) = Path(folder).glob("wordnet-base_*.deb")
        found = hashlib.sha256(package.read_bytes()).hexdigest()
        if found != DEB_SHA256:
            raise SystemExit(f"{package.name}: sha256 is {found}, needed {DEB_SHA256}")
        subprocess.run(["dpkg", "-x", str(package), folder], check=True)
        return read_wordnet(Path(folder) / "usr/share/wordnet")


def read_wordnet(folder: Path) -> WordNetNouns:
    """Read `data.noun` and `index.noun` in `folder`."""
    parents: dict[int, tuple[int, ...]] = {}
    for line in _entries(folder / "data.noun"):
        field = line.partition(" | ")[0].split()
        n_words = int(field[3], 16)
        pointers = field[4 + 2 * n_words :]
        parents[int(field[0])] = tuple(
            int(pointers[1 + 4 * i + 1])
            for i in range(int(pointers[0]))
            if pointers[1 + 4 * i] in ("@", "@i")
        )
    senses: dict[str, tuple[int, ...]] = {}
    for line in _entries(folder / "index.noun"):
        field = line.split()
        senses[field[0]] = tuple(int(offset) for offset in field[-int(field[2]) :])
    # Each file begins with the licence: numbered lines that begin with two spaces.
    head = [x for x in (folder / "data.noun").read_text("utf-8").splitlines() if x[:2] == "  "]
    licence = "\n".join(
        line.split(maxsplit=1)[1].strip() if len(line.split()) > 1 else "" for line in head
    )
    return WordNetNouns(parents, senses, licence + "\n")


def _entries(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if not line.startswith("  ")]


@dataclass(frozen=True)
class WordNetNouns:
    """The noun graph: `parents` by synset offset, `senses` by lemma in sense order, `licence`."""

    parents: dict[int, tuple[int, ...]]
    senses: dict[str, tuple[int, ...]]
    licence: str

    def synset(self, name: str) -> int:
        """Return the offset of a sense such as `bat.n.01`."""
        lemma, part, number = name.rsplit(".", 2)
        if part != "n" or lemma not in self.senses or int(number) > len(self.senses[lemma]):
            raise KeyError(f"WordNet 3.0 has no noun sense {name!r}")
        return self.senses[lemma][int(number) - 1]

    def ancestors(self, synset: int) -> dict[int, int]:
        """Return every ancestor, the sense itself included, with the fewest steps up to it."""
        steps, frontier = {synset: 0}, [synset]
        while frontier:
            above = [p for s in frontier for p in self.parents[s]]
            depth = steps[frontier[0]] + 1
            frontier = [p for p in dict.fromkeys(above) if p not in steps]
            steps.update(dict.fromkeys(frontier, depth))
        return steps

    @cached_property
    def depth(self) -> dict[int, int]:
        """Nodes on the longest way from the root down to a sense; the root's is 1."""
        depth: dict[int, int] = {}

        def of(synset: int) -> int:
            if synset not in depth:
                depth[synset] = 1 + max((of(p) for p in self.parents[synset]), default=0)
            return depth[synset]

        for synset in self.parents:
            of(synset)
        return depth

    @cached_property
    def information(self) -> dict[int, float]:
        """Intrinsic information content, 0 (the root) to 1 (a leaf), of every sense."""
        hyponyms = dict.fromkeys(self.parents, 0)
        for synset in self.parents:
            for ancestor in self.ancestors(synset):
                hyponyms[ancestor] += 1
        whole = math.log(len(self.parents))
        return {s: 1 - math.log(n) / whole for s, n in hyponyms.items()}  # n counts s itself

    def distances(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Return a square matrix for each of `MEASURES` over the senses `names`."""
        synsets = [self.synset(name) for name in names]
        above = [self.ancestors(s) for s in synsets]
        matrices = {measure: np.zeros((len(names), len(names))) for measure in MEASURES}
        for i, a in enumerate(synsets):
            for j in range(i):
                b = synsets[j]
                shared = above[i].keys() & above[j].keys()
                edges = min(above[i][s] + above[j][s] for s in shared)
                deepest = max(shared, key=lambda s: (self.depth[s], -above[i][s] - above[j][s], -s))
                d = self.depth[deepest]
                steps = above[i][deepest] + above[j][deepest]
                informative = max(self.information[s] for s in shared)
                both = self.information[a] + self.information[b]
                for measure, similarity in (
                    ("path", 1 / (1 + edges)),
                    ("wu-palmer", 2 * d / (2 * d + steps)),
                    ("lin", 2 * informative / both),
                ):
                    matrices[measure][i, j] = matrices[measure][j, i] = 1 - similarity
        return matrices
