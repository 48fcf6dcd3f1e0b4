"""`grounding stimuli add`: make a set of what a folder holds, in any format that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from grounding.commands.lists import split
from grounding.errors import UserError
from grounding.tables import lookup

if TYPE_CHECKING:
    from grounding.stimuli.importers import Imported

__all__ = ["add", "formats"]

GAPS: Mapping[str, Literal["leave-out", "mask"]] = {"leave-out": "leave-out", "mask": "mask"}
TABLES = "Tables and TextGrids"
CORPORA = "Articulography corpora"


def as_ipa(labels: Sequence[str]) -> tuple[str, ...]:
    """Return phones as they are; raises `UserError` for one that is not IPA to panphon."""
    from grounding.spaces.phones import phone_distances

    for label in sorted(set(labels)):
        phone_distances([[label]])
    return tuple(labels)


def from_arpabet(labels: Sequence[str]) -> tuple[str, ...]:
    """Return ARPAbet phones in IPA; raises `UserError` for one that is no ARPAbet."""
    from grounding.spaces.phones import ipa_from_arpabet

    return ipa_from_arpabet(labels)


PHONES: Mapping[str, Callable[[Sequence[str]], Sequence[str]]] = {
    "ipa": as_ipa,
    "arpabet": from_arpabet,
}


def add(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the recordings.")],
    format: Annotated[
        str | None,
        typer.Option(help="What 'grounding stimuli formats' lists; else told by what is there."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Make the set in this folder, with copies of all.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="What is spoken, ISO 639-1, such as en; or the data say it.")
    ] = None,
    speaker: Annotated[str | None, typer.Option(help="Who speaks in all of them.")] = None,
    rate: Annotated[int | None, typer.Option(help="Resample copies to this rate, Hz.")] = None,
    mix_down: Annotated[
        bool, typer.Option("--mix-down", help="Mix copies down to one channel.")
    ] = False,
    skip_untranscribed: Annotated[
        bool, typer.Option("--skip-untranscribed", help="Leave out what has no transcript.")
    ] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            help="Which column holds a field; may be repeated.",
            rich_help_panel=TABLES,
        ),
    ] = None,
    words_tier: Annotated[
        str | None, typer.Option(help="The tier of words.", rich_help_panel=TABLES)
    ] = None,
    phones_tier: Annotated[
        str | None, typer.Option(help="The tier of phones.", rich_help_panel=TABLES)
    ] = None,
    phones: Annotated[
        str, typer.Option(help="What phones are written in: ipa, arpabet.", rich_help_panel=TABLES)
    ] = "ipa",
    speakers: Annotated[
        str | None, typer.Option(help="Only these, by commas.", rich_help_panel=CORPORA)
    ] = None,
    smoothing: Annotated[
        float | None,
        typer.Option(
            help="Low-pass the movement, Hz; default each corpus's.", rich_help_panel=CORPORA
        ),
    ] = None,
    keep_bad: Annotated[
        bool,
        typer.Option(
            "--keep-bad", help="Keep what is known to be unusable.", rich_help_panel=CORPORA
        ),
    ] = False,
    gaps: Annotated[
        str | None,
        typer.Option(
            help="Stimuli that miss frames of a flesh point: leave-out, the default, or mask.",
            rich_help_panel=CORPORA,
        ),
    ] = None,
) -> None:
    """Make a set of recordings with transcripts: manifest.jsonl, and copies where they need be."""
    from grounding.progress import shown
    from grounding.stimuli.fault import shown as printable
    from grounding.stimuli.importers import IMPORTERS, import_corpus

    ours = {
        "--speaker": speaker,
        "--rate": rate,
        "--mix-down": mix_down or None,
        "--skip-untranscribed": skip_untranscribed or None,
        "--column": column,
        "--words-tier": words_tier,
        "--phones-tier": phones_tier,
        "--phones": None if phones == "ipa" else phones,
    }
    theirs = {
        "--speakers": speakers,
        "--smoothing": smoothing,
        "--keep-bad": keep_bad or None,
        "--gaps": gaps,
    }
    if format is not None:
        lookup("format", format, _formats())
    corpus = format in IMPORTERS
    _refuse(ours if corpus else theirs, format)
    with shown() as report:
        if format is not None and corpus:
            if out is None:
                raise UserError(f"--format {format} makes a new set: give its folder with --out")
            imported = import_corpus(
                format,
                folder,
                out,
                language=language,
                speakers=None if speakers is None else split(speakers),
                smoothing_hz=smoothing,
                keep_bad=keep_bad,
                gaps=lookup("gaps", gaps or "leave-out", GAPS),
                progress=report,
            )
            _show_imported(imported)
            return
        from grounding.stimuli.adding import add_recordings
        from grounding.stimuli.formats.reading import Options

        added = add_recordings(
            folder,
            format=format,
            out=out,
            language=language,
            speaker=speaker,
            rate=rate,
            mix=mix_down,
            skip_untranscribed=skip_untranscribed,
            options=Options(
                _columns(column or ()), words_tier, phones_tier, lookup("phones", phones, PHONES)
            ),
            progress=partial(report, "recordings"),
        )
    print(f"read as {added.format.name}: {added.format.what}")
    for title, names in (
        ("left out, no transcript", added.without_transcript),
        ("left out, goes with nothing", added.unused),
        ("converted copy made", added.converted),
    ):
        for name in names:
            print(f"{title}: {printable(name)}")
    if added.copied:
        print(f"copied as they are: {added.copied} recordings")
    print(f"wrote {printable(added.manifest)}: {added.stimuli} stimuli")


def formats() -> None:
    """List what 'grounding stimuli add' reads."""
    from grounding.commands.tables import print_table

    print_table(("format", "what there is"), list(_formats().items()))


def _formats() -> dict[str, str]:
    """Return every format by name, in words."""
    from grounding.stimuli.formats.table import FORMATS
    from grounding.stimuli.importers import IMPORTERS

    return {
        **{one.name: one.what for one in FORMATS.values()},
        **{one.name: f"{one.corpus}, by --format and --out" for one in IMPORTERS.values()},
    }


def _columns(given: Sequence[str]) -> dict[str, str]:
    """Return the columns by field of FIELD=COLUMN."""
    from grounding.stimuli.fields import FIELDS

    columns: dict[str, str] = {}
    for text in given:
        field, sign, column = text.partition("=")
        if not sign or not column:
            raise UserError(f"--column {text!r}: needed FIELD=COLUMN, as in transcript=sentence")
        lookup("field", field, FIELDS)
        if field in columns:
            raise UserError(f"--column gives {field!r} twice: {columns[field]!r} and {column!r}")
        columns[field] = column
    return columns


def _refuse(options: Mapping[str, Any], format: str | None) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        kind = f"--format {format}" if format else "recordings with transcripts"
        raise UserError(f"{', '.join(given)}: not for {kind}. Leave it out.")


def _show_imported(imported: Imported) -> None:
    from grounding.stimuli.fault import shown
    from grounding.stimuli.importers.result import REPORT

    print(f"read as {imported.corpus}")
    for name, why in imported.left_out.items():
        print(f"left out, {shown(name)}: {why}")
    for speaker, reasons in imported.bad_channels.items():
        for channel, why in reasons.items():
            what = "kept" if imported.kept_bad else "left out"
            print(f"{what}, channel {channel} of {shown(speaker)}: {why}")
    print(f"wrote {shown(imported.manifest)}: {imported.stimuli} stimuli; more in {REPORT}")
