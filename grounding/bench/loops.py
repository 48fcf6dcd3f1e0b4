"""The loop that people write: one stimulus at a time through transformers, every layer kept.

Each function takes a model's folder and returns a function from stimuli to "layer stimulus
feature". It reads a file, hands it to the model's own extractor or tokenizer, asks for all hidden
states and takes their mean over steps. Nothing of this package's encoders is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float

from grounding.encoders.quiet import quiet_transformers
from grounding.stimuli import Stimulus

__all__ = ["Loop", "hear_one_by_one", "read_one_by_one", "whisper_one_by_one"]

Loop = Callable[[Sequence[Stimulus]], Float[np.ndarray, "layer stimulus feature"]]

STEP = 320  # samples between the steps of Whisper


def hear_one_by_one(folder: Path) -> Loop:
    """The loop over waveforms, for wav2vec 2.0 and its kin."""
    import torch
    from transformers import AutoFeatureExtractor, AutoModel

    with quiet_transformers():
        extractor = AutoFeatureExtractor.from_pretrained(folder)
        model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()

    def loop(stimuli: Sequence[Stimulus]) -> np.ndarray:
        features = []
        for stimulus in stimuli:
            sound, rate = soundfile.read(stimulus.folder / stimulus.audio_path, dtype="float32")
            inputs = extractor(sound, sampling_rate=rate, return_tensors="pt")
            with torch.inference_mode():
                states = model(**inputs, output_hidden_states=True).hidden_states
            features.append([state[0].mean(0).numpy() for state in states])
        return np.array(features).swapaxes(0, 1)

    return loop


def whisper_one_by_one(folder: Path) -> Loop:
    """The loop over Whisper's encoder, whose steps beyond the recording are cut off."""
    import torch
    from transformers import AutoFeatureExtractor, WhisperModel

    with quiet_transformers():
        extractor = AutoFeatureExtractor.from_pretrained(folder)
        model = WhisperModel.from_pretrained(folder, dtype=torch.float32).get_encoder().eval()

    def loop(stimuli: Sequence[Stimulus]) -> np.ndarray:
        features = []
        for stimulus in stimuli:
            sound, rate = soundfile.read(stimulus.folder / stimulus.audio_path, dtype="float32")
            inputs = extractor(sound, sampling_rate=rate, return_tensors="pt")
            with torch.inference_mode():
                states = model(**inputs, output_hidden_states=True).hidden_states
            steps = -(-len(sound) // STEP)
            features.append([state[0, :steps].mean(0).numpy() for state in states])
        return np.array(features).swapaxes(0, 1)

    return loop


def read_one_by_one(folder: Path) -> Loop:
    """The loop over transcripts, for models that put one token before a text and one after it."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    with quiet_transformers():
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()

    def loop(stimuli: Sequence[Stimulus]) -> np.ndarray:
        features = []
        for stimulus in stimuli:
            inputs = tokenizer(stimulus.transcript, return_tensors="pt")
            with torch.inference_mode():
                states = model(**inputs, output_hidden_states=True).hidden_states
            features.append([state[0, 1:-1].mean(0).numpy() for state in states])
        return np.array(features).swapaxes(0, 1)

    return loop
