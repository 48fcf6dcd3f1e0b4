"""Bring a model from the Hugging Face hub into a local folder, as safetensors and text only.

A repository's own code comes too where the user asked for it.
"""

from __future__ import annotations

import re
from pathlib import Path

from grounding.errors import UnknownName, WeightsError

__all__ = ["hub_folder", "is_hub_id"]

WANTED = ("*.json", "*.txt", "*.model", "model*.safetensors", "0_Transformer/model*.safetensors")
"""What is fetched: configurations, vocabularies, safetensors. No pickles and no code."""

CODE = "*.py"

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def is_hub_id(name: str) -> bool:
    """Say whether `name` has the form owner/model."""
    return HUB_ID.fullmatch(name) is not None


def hub_folder(name: str, revision: str | None, known: str, code: bool = False) -> Path:
    """Return the folder of a hub model's snapshot, fetched if it is not in the hub's cache.

    `revision` is a branch, tag or commit; None is the default branch. `known` ends the message
    of the error: what else could be asked for. `code` brings the repository's own code too.

    Raises `UnknownName` when the hub has no such model or revision, `WeightsError` when it cannot
    be reached and the model is not in the hub's cache, or does not let this user in.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        wanted = [*WANTED, CODE] if code else list(WANTED)
        return Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
    except GatedRepoError as error:
        raise WeightsError(
            f"the hub gives {name!r} only to users who accepted its terms. Accept them on its "
            "page, then log in with `hf auth login`."
        ) from error
    except RevisionNotFoundError as error:
        raise UnknownName(f"the hub's {name!r} has no revision {revision!r}.") from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise UnknownName(
            f"the hub has no model {name!r} (or not for this user). {known}"
        ) from error
    except (LocalEntryNotFoundError, OSError) as error:
        raise WeightsError(
            f"{name!r} is neither in the table of models nor on this machine, and the hub cannot "
            f"be reached ({type(error).__name__}). Connect to it, or give a local folder. {known}"
        ) from error
