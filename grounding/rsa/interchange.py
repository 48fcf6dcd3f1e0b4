"""RDMs to and from rsatoolbox, and its HDF5 files.

Names, metrics and ids travel as descriptors: one value an RDM, one value a stimulus. Values keep
their precision (float32 or float64). Files are HDF5 as rsatoolbox itself writes and reads it;
nothing is ever unpickled.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grounding.errors import UserError
from grounding.rsa.agreement import same_stimuli
from grounding.rsa.rdm import RDM, check_ids
from grounding.rsa.tabular import pair_at, real_numbers

if TYPE_CHECKING:
    from rsatoolbox.rdm import RDMs

__all__ = ["LabelledRDMs", "from_rsatoolbox", "read_rdms", "to_rsatoolbox", "write_rdms"]

Descriptors = Mapping[str, Sequence[object]]

OURS = {"pattern": ("id",), "rdm": ("name", "metric")}  # what an RDM holds as fields
NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)


@dataclass(frozen=True, eq=False)
class LabelledRDMs:
    """RDMs over the same stimuli, with what rsatoolbox says of them besides ids and names.

    rdms: one or more, over the same ids in the same order.
    pattern_descriptors: for each name one value a stimulus.
    rdm_descriptors: for each name one value an RDM.
    descriptors: for each name one value for all.

    The running numbers that rsatoolbox adds by itself ("index") are left out where they count
    from 0 without a gap.
    """

    rdms: tuple[RDM, ...]
    pattern_descriptors: Mapping[str, tuple[object, ...]]
    rdm_descriptors: Mapping[str, tuple[object, ...]]
    descriptors: Mapping[str, object]


def to_rsatoolbox(
    rdms: Sequence[RDM],
    *,
    pattern_descriptors: Descriptors | None = None,
    rdm_descriptors: Descriptors | None = None,
) -> RDMs:
    """Return one `rsatoolbox.rdm.RDMs` of RDMs over the same stimuli.

    Ids become the pattern descriptor "id", names and metrics the RDM descriptors "name" and
    "metric". The dissimilarity measure is the metric, or None where the RDMs have several.

    pattern_descriptors, rdm_descriptors: more of them: for each name one value a stimulus, or
        one value an RDM.

    Raises `StimulusMismatch` for RDMs over other ids or in another order, and `UserError` for no
    RDM, a descriptor with another number of values, and one that is named as those above.
    """
    from rsatoolbox.rdm import RDMs

    if not rdms:
        raise UserError("there is no RDM to hand over: give one or more")
    same_stimuli(rdms)
    metrics = [rdm.metric for rdm in rdms]
    return RDMs(
        dissimilarities=np.stack([rdm.values for rdm in rdms]),
        dissimilarity_measure=metrics[0] if len(set(metrics)) == 1 else None,
        rdm_descriptors={
            "name": [rdm.name for rdm in rdms],
            "metric": metrics,
            **_checked("rdm", rdm_descriptors, len(rdms)),
        },
        pattern_descriptors={
            "id": list(rdms[0].ids),
            **_checked("pattern", pattern_descriptors, rdms[0].n),
        },
    )


def from_rsatoolbox(rdms: RDMs, *, descriptor: str = "id") -> LabelledRDMs:
    """Return the RDMs of an `rsatoolbox.rdm.RDMs`, with its other descriptors.

    descriptor: the pattern descriptor that names the stimuli; numbers become text.

    Names and metrics come from the RDM descriptors "name" and "metric". Without them the name is
    empty and the metric is the dissimilarity measure, or "unknown" where there is none.

    Raises `UserError` when the descriptor is missing, and for values that are not finite: there
    NaN stands for a pair that is left out, and here a comparison has every pair.
    """
    if descriptor not in rdms.pattern_descriptors:
        known = ", ".join(sorted(rdms.pattern_descriptors))
        raise UserError(
            f"these RDMs have no pattern descriptor {descriptor!r} to name the stimuli. "
            f"Known: {known}."
        )
    patterns = _plain_values(rdms.pattern_descriptors)
    each = _plain_values(rdms.rdm_descriptors)
    ids = check_ids([str(value) for value in patterns.pop(descriptor)])
    values = real_numbers(rdms.dissimilarities, "an array of dissimilarities")
    measure = _plain(rdms.dissimilarity_measure)
    names = each.pop("name", ("",) * len(values))
    metrics = each.pop("metric", ("unknown" if measure is None else measure,) * len(values))
    found = []
    for row, (one, metric, name) in enumerate(zip(values, metrics, names, strict=True)):
        broken = np.flatnonzero(~np.isfinite(one))
        if len(broken):
            first, second = pair_at(int(broken[0]), len(ids))
            raise UserError(
                f"RDM {row} ({name}) has no finite value for {len(broken)} of {len(one)} pairs, "
                f"such as {ids[first]!r} with {ids[second]!r}; "
                "leave out stimuli until every pair has a value"
            )
        found.append(RDM(one, ids, str(metric), str(name)))
    return LabelledRDMs(
        tuple(found),
        patterns,
        each,
        {key: _plain(value) for key, value in rdms.descriptors.items()},
    )


def write_rdms(
    rdms: Sequence[RDM],
    path: Path | str,
    *,
    pattern_descriptors: Descriptors | None = None,
    rdm_descriptors: Descriptors | None = None,
    overwrite: bool = False,
) -> None:
    """Write RDMs over the same stimuli as an HDF5 file that `rsatoolbox.rdm.load_rdm` reads.

    path: ends in ".h5" or ".hdf5", by which rsatoolbox knows the kind of file.
    pattern_descriptors, rdm_descriptors: as for `to_rsatoolbox`; texts or numbers.

    The file is there whole or not at all. Where a descriptor has a text that is not ASCII, such
    as a transcription in IPA, all its texts are UTF-8, and rsatoolbox reads them as bytes.

    Raises what `to_rsatoolbox` raises, and `UserError` for another ending, a file that is there
    already unless `overwrite`, a folder that cannot be written to, and what HDF5 cannot hold.
    """
    import h5py

    from grounding.files import write_whole

    path = _not_a_pickle(path)
    if path.suffix not in (".h5", ".hdf5"):
        raise UserError(f"{path}: a file of RDMs ends in .h5 or .hdf5")
    if path.exists() and not overwrite:
        raise UserError(f"{path} is there already: give another name, or overwrite=True")
    theirs = to_rsatoolbox(
        rdms, pattern_descriptors=pattern_descriptors, rdm_descriptors=rdm_descriptors
    )
    for table in (theirs.pattern_descriptors, theirs.rdm_descriptors):
        table.update({key: _storable(key, values) for key, values in table.items()})
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        theirs.save(file.id, file_type="hdf5")  # by its id, since rsatoolbox closes no file
    write_whole(path, content.getvalue())


def read_rdms(path: Path | str, *, descriptor: str = "id") -> LabelledRDMs:
    """Read an HDF5 file of RDMs that rsatoolbox or `write_rdms` wrote.

    descriptor: as for `from_rsatoolbox`.

    Raises `UserError`, with the file's name, for a pickle, a file that is absent, of another kind
    or damaged, and for what `from_rsatoolbox` refuses.
    """
    import h5py
    from rsatoolbox.rdm import load_rdm

    path = _not_a_pickle(path)
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    if not h5py.is_hdf5(path):
        raise UserError(f"{path} is not an HDF5 file; RDMs.save(..., file_type='hdf5') writes one")
    try:
        with h5py.File(path, "r") as file:
            theirs = load_rdm(file.id, file_type="hdf5")
        return from_rsatoolbox(theirs, descriptor=descriptor)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:  # a damaged file makes h5py and rsatoolbox raise anything
        raise UserError(
            f"{path} is damaged, or HDF5 without RDMs as rsatoolbox writes them "
            f"({type(error).__name__}: {error}); write it again"
        ) from error


def _not_a_pickle(path: Path | str) -> Path:
    path = Path(path)
    if path.suffix.lower() in (".pkl", ".pickle"):
        raise UserError(
            f"{path} is a pickle by its name, and opening a pickle runs what is in it; "
            "use HDF5: RDMs.save(..., file_type='hdf5')"
        )
    return path


def _checked(kind: str, given: Descriptors | None, count: int) -> dict[str, list[object]]:
    descriptors = {key: list(values) for key, values in (given or {}).items()}
    for key, values in descriptors.items():
        if key in OURS[kind]:
            raise UserError(f"the {kind} descriptor {key!r} is the RDM's own: name yours otherwise")
        if len(values) != count:
            raise UserError(f"{kind} descriptor {key!r} needs {count} values, found {len(values)}")
    return descriptors


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        value = value.item()
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"a text of a descriptor is not UTF-8: found {value!r}") from error


def _plain_values(descriptors: Descriptors) -> dict[str, tuple[Any, ...]]:
    plain = {key: tuple(map(_plain, values)) for key, values in descriptors.items()}
    if plain.get("index") == tuple(range(len(plain.get("index", ())))):
        del plain["index"]
    return plain


def _storable(key: str, values: Sequence[object]) -> list[object] | np.ndarray:
    """Return one descriptor as HDF5 can hold it; raise `UserError` where it cannot."""
    import h5py

    if key in ("", ".") or "/" in key or not _is_text(key):
        raise UserError(f"HDF5 has no place for a descriptor named {key!r}: name it otherwise")
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        numbers = all(isinstance(value, NUMBERS) for value in values)
        if not numbers or np.array(values).dtype.kind not in "fiub":
            raise UserError(
                f"a file holds texts or numbers of 64 bits, and descriptor {key!r} is neither"
            )
        return list(values)
    for text in texts:
        if not _is_text(text):
            raise UserError(f"HDF5 cannot hold the text {text!r} of descriptor {key!r}")
    if all(map(str.isascii, texts)):
        return list(texts)
    return np.array(texts, dtype=h5py.string_dtype())


def _is_text(text: str) -> bool:
    # NUL ends a text in HDF5, and half a surrogate pair has no UTF-8.
    return "\0" not in text and text.encode("utf-8", "ignore").decode() == text
