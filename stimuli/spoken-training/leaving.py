"""What is left out, so that nothing of a scored set is trained on.

The scored sets are a list; `left_out` is the one function that holds every utterance against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sources import Utterance

from grounding.stimuli import StimulusSet
from grounding.stimuli.recorded import tuxpaint
from grounding.stimuli.recorded.folders import read_rows
from grounding.stimuli.wording import shared_words, words

__all__ = ["Scored", "counted", "left_out", "scored_concepts", "scored_set"]


@dataclass(frozen=True)
class Scored:
    """A set that is scored: what may not be trained on.

    transcripts: as words, of any language. recordings: by source, language and name.
    inside: by language, words in a row that no utterance of it may contain.
    """

    name: str
    transcripts: frozenset[tuple[str, ...]]
    sha256: frozenset[str] = frozenset()
    recordings: frozenset[tuple[str, str, str]] = frozenset()
    inside: Mapping[str, frozenset[tuple[str, ...]]] = field(default_factory=dict)


def scored_set(stimuli: StimulusSet) -> Scored:
    """Return what may not be trained on of a set that can be read.

    Transcripts of stimuli whose vocal tract is known are the test words: no utterance may contain
    them.
    """
    inside = defaultdict(set)
    recordings = set()
    for stimulus in stimuli:
        if stimulus.articulation_path is not None:
            inside[stimulus.language].add(words(stimulus.transcript))
        if "prompt" in stimulus.attributes:
            recordings.add(("asterisk", stimulus.language, stimulus.attributes["prompt"]))
        if "stamp" in stimulus.attributes:
            recordings.add(("tuxpaint", stimulus.language, str(stimulus.concept)))
    return Scored(
        stimuli.name,
        frozenset(words(s.transcript) for s in stimuli),
        frozenset(s.sha256 for s in stimuli if s.sha256),
        frozenset(recordings),
        {language: frozenset(found) for language, found in inside.items()},
    )


def scored_concepts(folder: Path, root: Path) -> Scored:
    """Return what may not be trained on of `spoken-concepts`, from its tables and its package.

    So it need not have been made.
    """
    concepts = [row["concept"] for row in read_rows(folder / "concepts.tsv")]
    known = read_rows(folder / "hashes.tsv")
    codes = sorted({row["id"].partition("-")[0] for row in known})
    texts = [tuxpaint.read_texts(tuxpaint.stamps(root) / f"{concept}.txt") for concept in concepts]
    return Scored(
        folder.name,
        frozenset(words(tuxpaint.spoken_text(text[code])) for text in texts for code in codes),
        frozenset(row["sha256"] for row in known),
        frozenset(("tuxpaint", code, concept) for code in codes for concept in concepts),
    )


def left_out(
    utterances: Sequence[Utterance],
    texts: Mapping[str, str],
    sha256: Mapping[str, str],
    scored: Sequence[Scored],
) -> dict[str, str]:
    """Return why utterances are left out for a scored set's sake, by id; the first reason counts.

    texts: transcripts by id. sha256: of the files, by id.
    """
    recordings = frozenset().union(*(s.recordings for s in scored))
    transcripts = frozenset().union(*(s.transcripts for s in scored))
    files = frozenset().union(*(s.sha256 for s in scored))
    # Decoders may differ in the last bit: so also the files of scored recordings as made here.
    files |= {sha256[u.id] for u in utterances if _place(u) in recordings}
    reasons = {}
    for u in utterances:
        said = words(texts[u.id])
        if _place(u) in recordings:
            reasons[u.id] = "recording of a scored set"
        elif sha256[u.id] in files:
            reasons[u.id] = "same file as a recording of a scored set"
        elif said in transcripts:
            reasons[u.id] = "transcript of a scored set"
        elif any(shared_words(said, s.inside.get(u.language, ())) for s in scored):
            reasons[u.id] = "contains a test word"
    return reasons


def _place(utterance: Utterance) -> tuple[str, str, str]:
    return utterance.source, utterance.language, utterance.recording


def counted(
    utterances: Sequence[Utterance], reasons: Mapping[str, str], seconds: Mapping[str, float]
) -> list[dict[str, str]]:
    """Return what is left out: language, source, reason, utterances, minutes.

    seconds: by id; one that is missing could not be heard and counts as none.
    """
    groups = defaultdict(list)
    for u in utterances:
        if u.id in reasons:
            groups[u.language, u.source, reasons[u.id]].append(seconds.get(u.id, 0.0))
    return [
        {
            "language": language,
            "source": source,
            "reason": reason,
            "utterances": str(len(found)),
            "minutes": f"{sum(found) / 60:.2f}",
        }
        for (language, source, reason), found in sorted(groups.items())
    ]
