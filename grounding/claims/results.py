"""Write what a run found to a folder: whole, or not at all, and never over another result."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from grounding.claims.record import Score
from grounding.errors import UserError
from grounding.files import write_whole

__all__ = ["check_free", "new_folder", "read_verdict", "write_json", "write_scores"]

VERDICT = "verdict.json"


def check_free(out: Path) -> None:
    """Raise `UserError` unless a result can be written to the folder `out`."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists():
        raise UserError(
            f"{out} already exists and a result is never overwritten; name another folder with "
            "--out, or remove it"
        )


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `out` when the block ends well."""
    check_free(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield unfinished
        check_free(out)
        unfinished.chmod(0o755)
        unfinished.replace(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write plain data, keys in the order given, numbers in full."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(path, text.encode())


def write_scores(path: Path, scores: Iterable[Score]) -> None:
    """Write one row a number; an empty cell is a thing that does not apply."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Score)], lineterminator="\n")
    writer.writeheader()
    for score in scores:
        writer.writerow({k: "" if v is None else v for k, v in asdict(score).items()})
    write_whole(path, text.getvalue().encode())


def read_verdict(folder: Path) -> dict[str, Any]:
    """Read `verdict.json` of a result folder; raises `UserError` where there is none."""
    path = folder / VERDICT
    if not path.is_file():
        raise UserError(f"{folder} holds no {VERDICT}; give a folder that grounding run wrote")
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}); run again") from error
