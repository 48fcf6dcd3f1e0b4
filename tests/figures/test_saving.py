"""Figures as files: whole, reproducible, with text that stays text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
import typer
from typer.testing import CliRunner

from grounding.commands.figures import figures, report
from grounding.errors import UnknownName, UserError
from grounding.figures import FORMATS, draw_all, plan

KINDS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def test_every_figure_is_written_in_both_formats(copy, whole):
    folder = copy()
    written = draw_all(folder)
    stems = [item.stem for item in plan(whole) if not item.missing]
    assert [p.name for p in written] == [f"{s}.{end}" for s in stems for end in ("png", "svg")]
    assert sorted(written) == sorted(p for p in (folder / "figures").iterdir() if p.suffix != ".md")
    assert all(path.read_bytes().startswith(KINDS[path.suffix[1:]]) for path in written)


def test_text_in_svg_is_text_and_nothing_is_fetched(copy):
    for path in draw_all(copy(), ("svg",)):
        root = ElementTree.parse(path).getroot()
        words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
        assert words
        links = re.findall(r'href="([^"]*)"', path.read_text())
        assert all(link.startswith(("#", "data:")) for link in links)


@pytest.mark.parametrize("ending", FORMATS)
def test_equal_results_give_equal_files(ending, copy):
    folder = copy("toy")
    first = [path.read_bytes() for path in draw_all(folder, (ending,))]
    assert first == [path.read_bytes() for path in draw_all(folder, (ending,))]
    assert all(content.startswith(KINDS[ending]) for content in first)


def test_captions_lie_beside_the_figures_and_name_what_is_missing(copy, results):
    folder = copy("toy")
    assert [p.name for p in draw_all(folder, ("svg",))] == ["rdms-six.svg"]
    words = (folder / "figures" / "captions.md").read_text()
    for item in plan(results["toy"]):
        assert item.missing in words
        assert item.kind.title in words
    assert "`rdms-six`: Distances between 6 stimuli of six" in words


def test_an_unknown_format_is_refused_before_anything_is_written(copy):
    folder = copy("toy")
    with pytest.raises(UnknownName, match=r"unknown figure format 'jpg'.*Known: pdf, png, svg"):
        draw_all(folder, ("png", "jpg"))
    assert not (folder / "figures").exists()


def test_a_folder_that_cannot_be_written_is_refused(copy):
    folder = copy("toy")
    (folder / "figures").write_text("a file is in the way")
    with pytest.raises(UserError, match=r"rdms-six\.png cannot be written"):
        draw_all(folder)


@pytest.fixture
def app():
    made = typer.Typer()
    made.command("figures")(figures)
    made.command("report")(report)
    return made


def test_the_command_draws_and_says_what_it_could_not(app, copy):
    folder = copy("toy")
    done = CliRunner().invoke(app, ["figures", str(folder), "--format", "pdf", "--width", "single"])
    assert done.exit_code == 0
    assert done.stdout.split() == [str(folder / "figures" / "rdms-six.pdf")]
    assert "not drawn: plane-six: no trained model has a score for physics on six" in done.stderr


def test_the_command_refuses_an_unknown_width(app, copy):
    done = CliRunner().invoke(app, ["figures", str(copy("toy")), "--width", "triple"])
    assert isinstance(done.exception, UnknownName)
    assert "unknown width 'triple'" in str(done.exception)


def test_the_command_writes_the_page(app, copy):
    folder = copy("toy")
    done = CliRunner().invoke(app, ["report", str(folder)])
    assert done.exit_code == 0
    assert done.stdout.strip() == str((folder / "report.html").resolve())
    assert (folder / "report.html").is_file()
