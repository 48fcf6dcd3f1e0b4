"""Put a trained twin up for shipping: half precision, and a card that says what it is."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Template

from grounding.encoders.families.twin_front import FRONT
from grounding.errors import UserError
from grounding.files import write_whole
from grounding.twins.keeping import LOG, OBJECTIVE, TRAINING

__all__ = ["card", "write_shipped"]

CARD = "README.md"
CARD_TEXT = Path(__file__).with_name("card.md.jinja")


def write_shipped(trained: Path, out: Path) -> None:
    """Write the twin of the folder `trained` into the new folder `out`.

    Weights become half precision; all else is copied. The log of its training, which lies beside
    `trained`, gives the last measured losses of the card.

    Raises `UserError` for a folder that holds no finished twin.
    """
    import torch
    from safetensors.torch import load_file, save

    try:
        about = json.loads((trained / TRAINING).read_text("utf-8"))
        log = (trained.parent / LOG).read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UserError(f"{trained} holds no finished twin ({error})") from error
    out.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".part-", dir=out.parent))
    try:
        for name in ("model.safetensors", OBJECTIVE):
            held = load_file(trained / name)
            half = {key: value.to(torch.float16) for key, value in held.items()}
            write_whole(made / name, save(half, {"format": "pt"}))
        for name in ("config.json", FRONT, TRAINING):
            shutil.copyfile(trained / name, made / name)
        write_whole(made / LOG, ("\n".join(log) + "\n").encode())
        write_whole(made / CARD, card(about, [json.loads(row) for row in log]).encode())
        made.chmod(0o755)
        made.replace(out)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def card(about: Mapping[str, Any], log: list[dict[str, Any]]) -> str:
    """Return the model card, from what training wrote down."""
    config = about["config"]
    measured = [row for row in log if "held_out_loss" in row]
    return Template(CARD_TEXT.read_text("utf-8"), keep_trailing_newline=True).render(
        about=about,
        config=config,
        languages=", ".join(config["languages"]) or "all of its languages",
        told="acoustic units (clusters)" if config["targets"] == "units" else config["targets"],
        last=measured[-1],
        before=measured[max(0, len(measured) - 6)],
    )
