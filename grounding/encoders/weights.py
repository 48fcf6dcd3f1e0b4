"""Load a transformers model from a folder, trained or with fresh random weights.

Only safetensors are read: pickled weights can run code. No repository's own code is run. A
checkpoint that lacks parameters of its model is refused, since transformers would fill them with
random numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grounding.encoders.cache import file_sha256
from grounding.encoders.quiet import quiet_transformers
from grounding.errors import WeightsError

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

__all__ = ["Source", "load_config", "load_model"]

# They play no part in the hidden states: a head over the first token, a vector for masking frames.
UNUSED = ("pooler.", "masked_spec_embed")
# Where a model with a decoder keeps its encoder; a text encoder's own layers are named otherwise.
ENCODER_HALF = ("model.encoder.", "encoder.conv")


@dataclass(frozen=True)
class Source:
    """Where a model comes from and which weights it gets.

    `seed` is None for trained weights. `model` is a sub-folder of `folder` where sentence-
    transformers keeps the transformer, else ''.
    """

    name: str
    folder: Path
    seed: int | None = None
    model: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        if not (self.files / "config.json").is_file():
            raise WeightsError(
                f"{self.files} holds no config.json. Needed: a folder as transformers' "
                "save_pretrained writes it."
            )
        if self.seed is None and not self.weight_files:
            raise WeightsError(
                f"{self.name} has no .safetensors weights. Pickled weights (.bin, .pt) can run "
                "code when they are read and are not loaded here. Choose a revision with "
                "safetensors, or convert them with save_pretrained(safe_serialization=True)."
            )

    @property
    def files(self) -> Path:
        """The folder of the transformer's own files."""
        return self.folder / self.model

    @property
    def weight_files(self) -> list[Path]:
        """The files of the weights, sorted."""
        return sorted(self.files.glob("model*.safetensors"))

    @property
    def weights(self) -> Literal["trained", "random"]:
        """Which weights the model gets."""
        return "trained" if self.seed is None else "random"

    @cached_property
    def sha256(self) -> str:
        """Sha256 of the weights' files, or for random weights of the configuration and seed."""
        if self.seed is None:
            sums = [file_sha256(path) for path in self.weight_files]
            return (
                sums[0] if len(sums) == 1 else hashlib.sha256(" ".join(sums).encode()).hexdigest()
            )
        return hashlib.sha256(f"{self.config_sha256} {self.seed}".encode()).hexdigest()

    @cached_property
    def config_sha256(self) -> str:
        """Sha256 of the configuration's file."""
        return file_sha256(self.files / "config.json")

    @cached_property
    def parameters(self) -> int:
        """How many numbers the weights hold; of a model with an encoder, those of the encoder.

        Counted in the trained files also for random weights; 0 where there are none.
        """
        from math import prod

        from safetensors import safe_open

        sizes: dict[str, int] = {}
        for path in self.weight_files:
            with safe_open(path, framework="numpy") as file:
                sizes |= {name: prod(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        inside = {name: size for name, size in sizes.items() if name.startswith(ENCODER_HALF)}
        return sum((inside or sizes).values())

    @property
    def revision(self) -> str:
        """A short name of the weights."""
        return self.sha256[:16] if self.seed is None else f"random-{self.seed}"

    @property
    def provenance(self) -> dict[str, Any]:
        """What decides the weights, whole."""
        return {
            "weights": self.weights,
            "seed": self.seed,
            "weights_sha256": self.sha256,
            "config_sha256": self.config_sha256,
            "parameters": self.parameters,
            "origin": self.origin,
            "versions": {name: version(name) for name in ("torch", "transformers")},
        }


def load_config(source: Source) -> PretrainedConfig:
    """Return the model's configuration; raises `WeightsError` if transformers cannot read it."""
    from transformers import AutoConfig

    path = source.files / "config.json"
    if "auto_map" in json.loads(path.read_text("utf-8")):
        raise WeightsError(f"{source.name} wants to run its repository's own code; not done here.")
    try:
        with quiet_transformers():
            return AutoConfig.from_pretrained(
                source.files, trust_remote_code=False, local_files_only=True
            )
    except (OSError, ValueError, KeyError) as error:
        raise _cannot(source, error) from error


def load_model(source: Source) -> PreTrainedModel:
    """Return the model in float32 and evaluation mode.

    Random weights are drawn by the model's own initialisation from `source.seed`; torch's global
    generator is left as it was.
    """
    import torch
    from transformers import AutoModel

    config = load_config(source)
    try:
        with quiet_transformers():
            if source.seed is None:
                model, found = AutoModel.from_pretrained(
                    source.files,
                    config=config,
                    dtype=torch.float32,
                    use_safetensors=True,
                    trust_remote_code=False,
                    local_files_only=True,
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,  # they are found and refused below
                )
                _check_complete(source, found)
            else:
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(source.seed)
                    model = AutoModel.from_config(
                        config, dtype=torch.float32, trust_remote_code=False
                    )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, WeightsError):
            raise
        raise _cannot(source, error) from error
    return model.eval()


def _check_complete(source: Source, found: Mapping[str, Any]) -> None:
    """Raise `WeightsError` if any parameter that matters kept its random start."""
    misfits = sorted(key for key, *_ in found["mismatched_keys"])
    if misfits:
        raise WeightsError(
            f"{len(misfits)} weights of {source.name} have other shapes than its config.json "
            f"says, the first {misfits[0]!r}. Nothing was loaded."
        )
    missing = found["missing_keys"]
    lacking = sorted(key for key in missing if not any(part in key for part in UNUSED))
    if lacking:
        raise WeightsError(
            f"the weights of {source.name} lack {len(lacking)} parameters of their model, "
            f"the first {lacking[0]!r}. They would be random; nothing was loaded."
        )


def _cannot(source: Source, error: Exception) -> WeightsError:
    said = str(error).strip().splitlines() or [type(error).__name__]
    return WeightsError(f"transformers cannot load {source.name} from {source.files}: {said[0]}")
