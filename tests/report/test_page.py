"""The page: self-contained, reachable by keyboard and by ear, its numbers those of the files."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser

import pytest

from grounding.errors import UserError
from grounding.figures import plan, read_result
from grounding.figures.numbers import interval_text, number
from grounding.figures.scores import EVERY_LAYER
from grounding.report import write_report

VOID = {"meta", "link", "img", "source", "br", "hr", "input"}


class Page(HTMLParser):
    """A page's elements, each with its attributes and its own text; refuses tags that cross."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", "in": [e["tag"] for e in self.open], **dict(attributes)}
        element["path"] = list(self.open)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def every(self, tag, **attributes):
        return [
            e
            for e in self.elements
            if e["tag"] == tag and all(e.get(k) == v for k, v in attributes.items())
        ]

    def inside(self, outer, tag):
        return [e for e in self.every(tag) if outer in e["path"]]


@pytest.fixture(scope="session")
def pages(folders, tmp_path_factory):
    """Return the text of every made-up result's page, by name."""
    at = tmp_path_factory.mktemp("pages")
    return {
        name: write_report(shutil.copytree(folder, at / name)).read_text()
        for name, folder in folders.items()
    }


@pytest.fixture(scope="session")
def parsed(pages):
    return {name: Page(text) for name, text in pages.items()}


@pytest.fixture
def page(parsed):
    return parsed["whole"]


@pytest.mark.parametrize("name", ["whole", "toy", "one-modality"])
def test_nothing_is_fetched_from_anywhere(name, pages, parsed):
    text = pages[name]
    for element in parsed[name].elements:
        for key in ("src", "srcset", "href", "data", "action", "poster"):
            if key in element:
                assert element[key].startswith(("#", "data:image/svg+xml;base64,"))
    assert not re.search(r"https?://|@import|url\(", text)
    for drawing in re.findall(r"data:image/svg\+xml;base64,([^\"]*)", text):
        svg = base64.b64decode(drawing).decode()
        links = re.findall(r'(?:href|src)="([^"]*)"', svg)
        assert all(link.startswith(("#", "data:")) for link in links)
    assert len(text.encode()) < 5e6


@pytest.mark.parametrize("name", ["whole", "toy", "one-modality"])
def test_every_figure_that_can_be_drawn_is_there_once_in_two_themes(name, parsed, results):
    page = parsed[name]
    drawn = [item.stem for item in plan(results[name]) if not item.missing]
    assert Counter(e["id"] for e in page.every("figure")) == Counter(drawn)
    assert len(page.every("img")) == len(drawn)
    for image, source in zip(page.every("img"), page.every("source"), strict=True):
        assert len(image["alt"]) > 20
        assert source["media"] == "screen and (prefers-color-scheme: dark)"
        assert source["srcset"] != image["src"]
    numbers = [re.match(r"Figure (\d+)\. ", e["text"])[1] for e in page.every("figcaption")]
    assert numbers == [str(i + 1) for i in range(len(drawn))]


@pytest.mark.parametrize("name", ["whole", "toy", "one-modality"])
def test_what_could_not_be_drawn_is_named_with_its_reason(name, parsed, results):
    (limits,) = parsed[name].every("section", id="limits")
    for item in plan(results[name]):
        if item.missing:
            assert item.missing in limits["text"]
            assert item.kind.title in limits["text"]


@pytest.mark.parametrize("name", ["whole", "toy", "one-modality"])
def test_links_lead_somewhere_and_names_are_unique(name, parsed):
    page = parsed[name]
    names = Counter(e["id"] for e in page.elements if "id" in e)
    assert set(names.values()) == {1}
    links = [e["href"] for e in page.every("a")]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(names)
    assert {e["aria-labelledby"] for e in page.elements if "aria-labelledby" in e} <= set(names)


def test_a_claims_numbers_are_those_of_the_verdict(page, folders):
    verdict = json.loads((folders["whole"] / "verdict.json").read_text())
    articles = page.every("article")
    assert len(articles) == len(verdict["claims"])
    for article, row in zip(articles, verdict["claims"], strict=True):
        cells = [c for c in page.inside(article, "td") if "value" in c.get("class", "").split()]
        assert [c["text"] for c in cells] == [number(e["value"]) for e in row["estimates"]]
        assert [float(c["data-value"]) for c in cells] == [e["value"] for e in row["estimates"]]
        spans = [c for c in page.inside(article, "td") if "interval" in c.get("class", "").split()]
        assert [c["text"] for c in spans] == [
            f"{interval_text(e['low'], e['high'])} 95%" for e in row["estimates"]
        ]
        for words in (
            row["sentence"],
            row["outcome"],
            row["reason"],
            row["rule"]["sentence"],
            f"{row['n_stimuli']} stimuli in {row['n_groups']} groups",
            *(e["name"] for e in row["estimates"]),
            *(c["estimate"] for c in row["rule"]["criteria"]),
            *(c["found"] for c in row["checks"]),
            *row["elsewhere"].values(),
        ):
            assert words in article["text"]


def test_the_dissociation_and_the_modality_share_are_those_of_the_verdict(page, folders):
    verdict = json.loads((folders["whole"] / "verdict.json").read_text())
    (whole,) = page.every("section", id="whole")
    cells = [c for c in page.inside(whole, "td") if "value" in c.get("class", "").split()]
    shares = next(c["estimates"] for c in verdict["claims"] if c["claim"] == "C7")
    assert [float(c["data-value"]) for c in cells] == [
        e["value"] for e in (*verdict["dissociation"]["estimates"], *shares)
    ]


def test_the_tables_of_scores_hold_every_row_of_the_file(page, results):
    held, curves = page.every("table", **{"class": "sortable"})
    scores = results["whole"].scores
    for table, rows in (
        (held, [s for s in scores if s.quantity != EVERY_LAYER]),
        (curves, [s for s in scores if s.quantity == EVERY_LAYER and s.assay != "overview"]),
    ):
        lines = [r for r in page.inside(table, "tr") if "tbody" in r["in"]]
        assert len(lines) == len(rows)
        numbers = [c for c in page.inside(table, "td") if c.get("class") == "n"]
        for at, row in enumerate(rows):
            value, interval, level, p, n, groups, window = numbers[7 * at : 7 * at + 7]
            assert float(value["data-value"]) == row.value
            assert value["text"] == number(row.value)
            bounds = "" if row.low is None else interval_text(row.low, row.high)
            assert interval["text"] == bounds
            assert level["text"] == ("" if row.low is None else "95%")
            assert p["text"] == ("" if row.p is None else number(row.p))
            assert (n["text"], groups["text"]) == (str(row.n_stimuli), str(row.n_groups))
            assert window["text"] == row.window
    left = sum(s.assay == "overview" for s in scores)
    (section,) = page.every("section", id="scores")
    assert f"{left} further rows, of the assay overview, which no claim reads" in section["text"]


def test_the_page_leads_with_two_sentences_and_one_figure(page):
    (header,) = page.every("header")
    assert [p["class"] for p in page.inside(header, "p")] == ["question", "lead", "lead"]
    assert [f["id"] for f in page.inside(header, "figure")] == ["plane-vocal-tract-words"]


def test_a_page_without_a_leading_figure_says_why(parsed):
    page = parsed["toy"]
    (header,) = page.every("header")
    assert page.inside(header, "figure") == []
    assert "No figure leads this page: no trained model has a score" in header["text"]
    assert "6 transcripts; an interval needs 20" in header["text"]


def test_everything_folded_opens_with_a_key_and_wide_tables_scroll_with_one(page):
    for details in page.every("details"):
        assert len(page.inside(details, "summary")) == 1
    for table in page.every("table", **{"class": "sortable"}):
        region = table["path"][-1]
        assert (region["role"], region["tabindex"]) == ("region", "0")
        assert region["aria-label"]
    assert page.every("html", lang="en")
    assert page.every("a", **{"class": "skip"})
    heads = [e["tag"] for e in page.elements if re.fullmatch("h[1-6]", e["tag"])]
    assert heads[0] == "h1"
    assert heads.count("h1") == 1


def test_both_themes_and_print_have_their_styles(pages):
    for words in (
        "screen and (prefers-color-scheme: dark)",
        "@media print",
        'name="color-scheme" content="light dark"',
    ):
        assert words in pages["whole"]


def test_a_failed_control_is_told_before_the_figure(copy, change):
    folder = copy()
    change(folder / "verdict.json", lambda f: f["claims"][0]["checks"][0].update(passed=False))
    (folder / "scores.csv").write_text(
        (folder / "scores.csv").read_text().partition("\n")[0] + "\n"
    )
    (folder / "panels.json").unlink()
    page = Page(write_report(folder).read_text())
    (header,) = page.every("header")
    before = header["text"].partition("Figure 1. Every claim's estimates")[0]
    assert before != header["text"]
    assert "A control failed. noise encoder reaches nothing" in before
    assert "(carried by C1)" in before
    (limits,) = page.every("section", id="limits")
    assert "A control failed, so the claims that carry it" in limits["text"]


def test_words_of_the_files_are_never_markup(copy, change):
    folder = copy("toy")
    bad = "<script>alert(1)</script>"
    change(folder / "verdict.json", lambda f: f["claims"][0].update(reason=bad, sentence=bad))
    text = write_report(folder).read_text()
    assert bad not in text
    assert "&lt;script&gt;alert(1)" in text


def test_equal_results_give_equal_pages_and_an_old_page_is_replaced(copy, pages):
    folder = copy("toy")
    path = write_report(folder)
    path.write_text("old")
    assert write_report(folder).read_text() == pages["toy"]
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["verdict.json", "scores.csv", "provenance.json", "panels.json", "report.html"]
    )


def test_a_result_without_panels_has_a_page(copy):
    folder = copy("toy")
    (folder / "panels.json").unlink()
    page = Page(write_report(folder).read_text())
    assert page.every("figure") == []
    assert "panels.json holds nothing for six" in page.every("section", id="limits")[0]["text"]


def test_a_result_of_no_claim_has_a_page(copy, change):
    folder = copy("toy")
    change(folder / "verdict.json", lambda f: f.update(claims=[]))
    text = write_report(folder).read_text()
    assert "No claim was asked." in text
    assert "Of none" not in text


def test_a_folder_that_is_no_result_is_refused_and_left_alone(tmp_path):
    with pytest.raises(UserError, match=r"holds no verdict\.json"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_page_names_what_an_odd_result_lacks(copy, change):
    folder = copy("toy")
    change(folder / "provenance.json", lambda f: [f.pop(key) for key in list(f)])
    page = Page(write_report(folder).read_text())
    (origin,) = page.every("section", id="origin")
    assert "not recorded" in origin["text"]
    assert "not in a checkout" in origin["text"]
    assert read_result(folder).provenance == {}
