"""Read a model's feature extractor, say what it does, and pad what it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grounding.encoders.quiet import quiet_transformers
from grounding.encoders.weights import Source
from grounding.errors import WeightsError

if TYPE_CHECKING:
    import torch

    from grounding.encoders.plan import Recording

__all__ = ["described", "ends_mask", "features_together", "load_extractor", "padded", "waveforms"]

FILES = ("preprocessor_config.json", "processor_config.json")


def load_extractor(source: Source) -> Any:
    """Return the feature extractor in the model's folder.

    Raises `WeightsError` where there is none, or none that transformers can load.
    """
    from transformers import AutoFeatureExtractor

    if not any((source.files / name).is_file() for name in FILES):
        raise WeightsError(f"{source.files} holds no {FILES[0]}.")
    try:
        with quiet_transformers():
            return AutoFeatureExtractor.from_pretrained(
                source.files,
                trust_remote_code=source.trust_remote_code,
                local_files_only=True,
            )
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"transformers cannot load the feature extractor of {source.name} from "
            f"{source.files}: {str(error).splitlines()[0]}"
        ) from error


def described(extractor: Any) -> dict[str, Any]:
    """Return the settings of a feature extractor that are one number or word, by name."""
    settings = sorted(extractor.to_dict().items())
    return {name: value for name, value in settings if isinstance(value, str | int | float)}


def waveforms(extractor: Any, heard: Sequence[Recording]) -> list[np.ndarray]:
    """Return each recording as its model wants it, each by its own mean and variance if at all."""
    return [
        np.asarray(extractor(audio, sampling_rate=extractor.sampling_rate)["input_values"][0])
        for audio in heard
    ]


def padded(arrays: Sequence[np.ndarray], least: int = 0) -> torch.Tensor:
    """Return arrays "time ..." in one, float32, with zeros after the end of the shorter ones.

    least: how long the whole is at least.
    """
    import torch

    longest = max(least, *(len(array) for array in arrays))
    whole = torch.zeros((len(arrays), longest, *arrays[0].shape[1:]))
    for row, array in enumerate(arrays):
        whole[row, : len(array)] = torch.from_numpy(np.asarray(array, dtype=np.float32))
    return whole


def ends_mask(ends: Sequence[int], longest: int) -> torch.Tensor | None:
    """Return 1 up to each end and 0 beyond; None where nothing lies beyond."""
    import torch

    if min(ends) == longest:
        return None
    return (torch.arange(longest)[None] < torch.tensor(ends)[:, None]).long()


def features_together(made: Sequence[np.ndarray]) -> Mapping[str, torch.Tensor]:
    """Return inputs of a model that is fed features "time feature", padded at the end.

    With a mask where anything is padded.
    """
    values = padded(made)
    mask = ends_mask([len(one) for one in made], values.shape[1])
    return {"input_features": values} | ({} if mask is None else {"attention_mask": mask})
