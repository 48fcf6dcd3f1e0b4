"""Load a transformers model from a folder, trained or with fresh random weights.

Only safetensors are read: pickled weights can run code. A repository's own code is run only where
the user asked for it, and then the provenance holds the hashes of its files. A checkpoint that
lacks parameters of its model is refused, since transformers would fill them with random numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grounding.encoders.cache import file_sha256
from grounding.encoders.quiet import quiet_transformers
from grounding.errors import WeightsError

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

__all__ = ["Source", "initial_model", "load_config", "load_model", "load_shallow"]

# They play no part in the hidden states: a head over the first token, a vector for masking frames.
UNUSED = ("pooler.", "masked_spec_embed")
# Where a model with a decoder keeps its encoder; a text encoder's own layers are named otherwise.
ENCODER_HALF = ("model.encoder.", "encoder.conv", "speecht5.encoder.")


@dataclass(frozen=True)
class Source:
    """Where a model comes from and which weights it gets.

    `seed` is None for trained weights. `model` is a sub-folder of `folder` where sentence-
    transformers keeps the transformer, else ''. `trust_remote_code` lets the repository's own code
    run.
    """

    name: str
    folder: Path
    seed: int | None = None
    model: str = ""
    origin: str = ""
    trust_remote_code: bool = False

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
            "versions": {name: _version(name) for name in ("torch", "transformers")},
            **({"remote_code": self.remote_code} if self.remote_code else {}),
        }

    @cached_property
    def remote_code(self) -> dict[str, str]:
        """Sha256 of each file of the repository's own code, where it is run."""
        if not self.trust_remote_code or not self.wants_remote_code:
            return {}
        return {path.name: file_sha256(path) for path in sorted(self.files.glob("*.py"))}

    @property
    def wants_remote_code(self) -> bool:
        """Whether the configuration names classes of the repository's own."""
        return "auto_map" in json.loads((self.files / "config.json").read_text("utf-8"))


def load_config(source: Source) -> PretrainedConfig:
    """Return the model's configuration; raises `WeightsError` if transformers cannot read it."""
    from transformers import AutoConfig

    if source.wants_remote_code and not source.trust_remote_code:
        raise WeightsError(
            f"{source.name} wants to run its repository's own code, which may do anything on this "
            "machine. Read it, then ask with trust_remote_code=True if you trust it."
        )
    try:
        with quiet_transformers():
            return AutoConfig.from_pretrained(
                source.files, trust_remote_code=source.trust_remote_code, local_files_only=True
            )
    except (OSError, ValueError, KeyError) as error:
        raise _cannot(source, error) from error


def load_model(source: Source, architecture: str | None = None) -> PreTrainedModel:
    """Return the model in float32 and evaluation mode.

    architecture: a class of transformers; None is what `AutoModel` takes.

    Random weights are drawn by the model's own initialisation from `source.seed`; torch's global
    generator is left as it was.
    """
    import torch
    import transformers

    config = load_config(source)
    loader = getattr(transformers, architecture or "AutoModel")
    trust = {"trust_remote_code": source.trust_remote_code} if architecture is None else {}
    try:
        with quiet_transformers():
            if source.seed is None:
                model, found = loader.from_pretrained(
                    source.files,
                    config=config,
                    dtype=torch.float32,
                    use_safetensors=True,
                    local_files_only=True,
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,  # they are found and refused below
                    **trust,
                )
                _check_complete(source, found)
            else:
                model = initial_model(config, source.seed, loader, trust)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, WeightsError):
            raise
        raise _cannot(source, error) from error
    loaded: PreTrainedModel = model.eval()
    return loaded


def load_shallow(source: Source) -> PreTrainedModel:
    """Return the model with random weights and one layer, to see how its front end works."""
    from transformers import AutoModel

    config = load_config(source)
    config.num_hidden_layers = 1
    trust = {"trust_remote_code": source.trust_remote_code}
    try:
        with quiet_transformers():
            return initial_model(config, 0, AutoModel, trust).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _cannot(source, error) from error


def initial_model(
    config: PretrainedConfig, seed: int, loader: Any, trust: Mapping[str, Any]
) -> PreTrainedModel:
    """Return the model that `loader` makes of a configuration, in float32.

    Its weights are drawn by its own initialisation from `seed`; torch's global generator is left
    as it was.
    """
    import torch

    made = loader.from_config if hasattr(loader, "from_config") else loader._from_config
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: PreTrainedModel = made(config, dtype=torch.float32, **trust)
    return model


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


@lru_cache
def _version(package: str) -> str:
    return metadata.version(package)
