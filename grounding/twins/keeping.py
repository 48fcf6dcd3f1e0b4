"""What training leaves on disk: folders of weights, the state to go on from, and the log.

No file is pickled. Every file appears whole or not at all; a folder of weights appears last file
last, and one without `training.json` is not finished.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grounding.encoders.families.twin_front import write_front
from grounding.errors import UserError
from grounding.files import write_whole
from grounding.twins.config import TwinConfig
from grounding.twins.corpus import Corpus
from grounding.twins.objective import MaskedPredictor

if TYPE_CHECKING:
    import torch

__all__ = [
    "LOG",
    "OBJECTIVE",
    "STATE",
    "TRAINING",
    "read_log",
    "read_state",
    "write_log",
    "write_state",
    "write_twin",
]

TRAINING = "training.json"
OBJECTIVE = "objective.safetensors"
STATE = "state.safetensors"
LOG = "log.jsonl"
ABOUT = "about"  # the entry of the state's header


def write_twin(
    folder: Path,
    predictor: MaskedPredictor,
    corpus: Corpus,
    about: Mapping[str, Any],
    *,
    half: bool = False,
) -> None:
    """Write a twin that `load_encoder` and `AutoModel.from_pretrained` can read.

    half: weights in half precision, as they are shipped; they compute in single precision again.
    `objective.safetensors` holds the head and the centres of the acoustic units.
    """
    import torch
    from safetensors.torch import save

    dtype = torch.float16 if half else torch.float32
    trunk = {name: value.to(dtype).contiguous() for name, value in _weights(predictor.trunk)}
    rest = {f"head.{name}": value.to(dtype) for name, value in _weights(predictor.head)}
    if corpus.centres is not None:
        rest["units.centres"] = torch.from_numpy(corpus.centres)
    settings = predictor.settings | {"architectures": ["Wav2Vec2BertModel"]}
    write_whole(folder / "config.json", _json(settings))
    write_whole(folder / "model.safetensors", save(trunk, {"format": "pt"}))
    write_whole(folder / OBJECTIVE, save(rest, {"format": "pt"}))
    write_front(folder, corpus.front)
    write_whole(folder / TRAINING, _json(about))


def write_state(
    folder: Path,
    predictor: MaskedPredictor,
    optimiser: torch.optim.Optimizer,
    update: int,
    config: TwinConfig,
    corpus: Corpus,
) -> None:
    """Write all that the next update depends on."""
    import torch
    from safetensors.torch import save

    held = {f"model.{name}": value for name, value in _weights(predictor)}
    for place, state in optimiser.state_dict()["state"].items():
        held |= {f"optimiser.{place}.{name}": torch.as_tensor(v) for name, v in state.items()}
    # One entry, since the order of several is not kept.
    told = {ABOUT: json.dumps({"update": update} | _digests(config, corpus))}
    held = {name: value.contiguous() for name, value in held.items()}
    write_whole(folder / STATE, save(held, told))


def read_state(
    folder: Path,
    predictor: MaskedPredictor,
    optimiser: torch.optim.Optimizer,
    config: TwinConfig,
    corpus: Corpus,
) -> int:
    """Take up the state of a folder; return the update that comes next, 0 where there is none.

    Raises `UserError` where the state is of another config or corpus.
    """
    from safetensors import safe_open

    path = folder / STATE
    if not path.is_file():
        return 0
    with safe_open(path, framework="pt") as file:
        told = json.loads(file.metadata()[ABOUT])
        held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for what, digest in _digests(config, corpus).items():
        if told[what] != digest:
            raise UserError(
                f"{path} was written under another {what} ({told[what][:12]}, now {digest[:12]}). "
                "Give another --out, or remove the folder."
            )
    model = "model."
    predictor.load_state_dict(
        {name[len(model) :]: value for name, value in held.items() if name.startswith(model)}
    )
    states: dict[int, dict[str, Any]] = {}
    for name, value in held.items():
        if name.startswith("optimiser."):
            _, place, field = name.split(".", 2)
            states.setdefault(int(place), {})[field] = value
    optimiser.load_state_dict(
        {"state": states, "param_groups": optimiser.state_dict()["param_groups"]}
    )
    return int(told["update"])


def write_log(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Write the log, a JSON object a line."""
    lines = [json.dumps(row, sort_keys=True) for row in rows]
    write_whole(folder / LOG, ("\n".join(lines) + "\n").encode() if lines else b"")


def read_log(folder: Path, before: int) -> list[dict[str, Any]]:
    """Return the rows of the log up to the update `before`; later ones will be made again."""
    path = folder / LOG
    if not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [row for row in rows if row["update"] < before]


def _digests(config: TwinConfig, corpus: Corpus) -> dict[str, str]:
    return {"config": config.digest, "corpus": corpus.digest}


def _weights(module: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    return [(name, value.detach().cpu()) for name, value in module.state_dict().items()]


def _json(held: Mapping[str, Any]) -> bytes:
    plain = json.dumps(held, indent=1, sort_keys=True, ensure_ascii=False, default=_plain)
    return (plain + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
