"""Hold any model against what every encoder promises, on sounds and words that are made here.

`CHECKS` (in `checks`) is the table of promises. Tests and `grounding models NAME --check` run the
same ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grounding.encoders.checks import CHECKS
from grounding.encoders.loading import load_request
from grounding.encoders.probes import Probes
from grounding.encoders.protocol import Encoder
from grounding.encoders.request import Request
from grounding.encoders.subject import Subject
from grounding.errors import AudioError, GroundingError, UserError

__all__ = ["Finding", "check_model", "findings", "rate_of"]


@dataclass(frozen=True)
class Finding:
    """What a check found; `passed` is None where it does not apply."""

    check: str
    passed: bool | None
    found: str
    needed: str


def check_model(
    request: Request, progress: Callable[[int, int], None] | None = None
) -> list[Finding]:
    """Load a model and run every check on it.

    progress: called with the number of checks done and in all.

    Raises what `load_encoder` raises.
    """
    encoder = load_request(request)
    with tempfile.TemporaryDirectory(prefix="grounding-checks-") as folder:
        subject = Subject(request, encoder, Probes(Path(folder), rate_of(encoder, Path(folder))))
        return findings(subject, progress)


def findings(subject: Subject, progress: Callable[[int, int], None] | None = None) -> list[Finding]:
    """Run every check; one that the encoder stops with an error of ours has failed."""
    found = []
    for done, check in enumerate(CHECKS.values()):
        if progress is not None:
            progress(done, len(CHECKS))
        try:
            passed, what = check.run(subject)
        except GroundingError as error:
            passed, what = False, str(error)
        found.append(Finding(check.name, passed, what, check.needed))
    if progress is not None:
        progress(len(CHECKS), len(CHECKS))
    return found


RATES = (16_000, 24_000, 8_000, 22_050, 32_000, 44_100, 48_000)
"""Hz that models hear, the most usual first."""


def rate_of(encoder: Encoder, scratch: Path) -> int:
    """Return the rate of the recordings that an encoder takes; of one that hears none, any.

    Raises `UserError` if it takes none of the usual ones.
    """
    said = ""
    for rate in RATES if encoder.sees == "audio" else RATES[:1]:
        probes = Probes(scratch, rate)
        try:
            if encoder.sees == "audio":
                encoder.steps(probes.record(f"rate-{rate}", np.linspace(-0.1, 0.1, rate)))
        except AudioError as error:
            said = said or str(error)
            continue
        return rate
    raise UserError(f"{encoder.name} takes no recording of one second at a usual rate: {said}")
