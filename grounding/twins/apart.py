"""What is trained on is not what is scored: the check, by sound and by text.

Scored are all sets that are shipped or made, but those that say they are for training.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from grounding.errors import UserError
from grounding.stimuli import Stimulus, StimulusSet, read_stimuli
from grounding.stimuli.sets import scored_sets
from grounding.stimuli.wording import shared_words, words

__all__ = ["refuse_scored"]


def refuse_scored(stimuli: StimulusSet, scored: Sequence[StimulusSet] | None = None) -> None:
    """Raise `UserError` where an utterance has the sound, the text or a word of a scored stimulus.

    scored: the sets; None for all scored sets on this machine. No scored transcript may be all of
    an utterance of its language. Those of stimuli whose vocal tract is known, on which the twins
    are held against each other, may not be a part of one either.
    """
    sounds: dict[str, Stimulus] = {}
    texts: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    parts: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for held in scored if scored is not None else [read_stimuli(name) for name in scored_sets()]:
        for stimulus in held:
            sounds[stimulus.audio_digest] = stimulus
            texts[stimulus.language].add(words(stimulus.transcript))
            if stimulus.articulation_path is not None:
                parts[stimulus.language].add(words(stimulus.transcript))
    faults = []
    for stimulus in stimuli:
        said = words(stimulus.transcript)
        shared = shared_words(said, parts[stimulus.language])
        if stimulus.audio_digest in sounds:
            other = sounds[stimulus.audio_digest]
            faults.append(f"{stimulus.id} has the sound of {other.id}, which is scored")
        elif said in texts[stimulus.language]:
            faults.append(
                f"{stimulus.id} has the text of a scored stimulus: {stimulus.transcript!r}"
            )
        elif shared:
            faults.append(f"{stimulus.id} has {' '.join(shared)!r} in its text, which is scored")
    if faults:
        raise UserError(
            f"{len(faults)} of {len(stimuli)} utterances of {stimuli.name} may not be trained on; "
            f"the first: {faults[0]}. Leave them out."
        )
