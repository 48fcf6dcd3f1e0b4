"""Relations between meanings: files that come with a set, and translation equivalence."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.spaces import space, spaces
from grounding.spaces.relations import (
    concept_missing,
    concept_rdm,
    read_relations,
    relation_missing,
    relation_rdm,
    wordnet_missing,
    wordnet_rdm,
)

LINES = [
    "transcript 1\ttranscript 2\twu-palmer\tpath",
    "cat\tdog\t0.25\t0.5",
    "cat\tcar\t0.75\t0.9",
    "car\tdog\t0.8\t1.0",
]


def write(folder, lines, name="wordnet"):
    (folder / "relations").mkdir(exist_ok=True)
    path = folder / "relations" / f"{name}.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def pets(make_set):
    """Return four stimuli: cat, dog, cat again, car; each transcript with its sense."""
    words = ["cat", "dog", "cat", "car"]
    fields = [{"transcript": w, "attributes": {"synset": f"{w}.n.01"}} for w in words]
    return make_set(4, fields=fields)


def test_stimuli_get_the_distances_of_their_transcripts(pets):
    write(pets.folder, LINES)
    found = wordnet_rdm(pets)
    assert found.ids == pets.ids
    # Pairs: cat dog, cat cat, cat car, dog cat, dog car, cat car.
    np.testing.assert_array_equal(found.values, [0.25, 0.0, 0.75, 0.25, 0.8, 0.75])
    assert "wordnet" in spaces(pets)
    np.testing.assert_array_equal(space("wordnet", pets).rdm().values, found.values)


def test_another_measure_is_another_column(pets):
    write(pets.folder, LINES)
    np.testing.assert_array_equal(
        relation_rdm(pets, "wordnet", "path").values, [0.5, 0.0, 0.9, 0.5, 1.0, 0.9]
    )


def test_order_of_lines_and_of_the_two_names_moves_no_distance(pets):
    write(pets.folder, LINES)
    before = wordnet_rdm(pets).values
    turned = ["\t".join([*line.split("\t")[1::-1], *line.split("\t")[2:]]) for line in LINES[1:]]
    write(pets.folder, [LINES[0], *turned[::-1]])
    np.testing.assert_array_equal(wordnet_rdm(pets).values, before)
    write(pets.folder, [LINES[0], LINES[1].replace("0.25", "0.26"), *LINES[2:]])
    assert not np.array_equal(wordnet_rdm(pets).values, before)


def test_a_set_may_bring_relations_of_its_own_by_any_attribute(pets):
    lines = [line.replace("transcript", "synset") for line in LINES]
    lines[1:] = [
        "cat.n.01\tdog.n.01\t1\t2",
        "car.n.01\tdog.n.01\t3\t4",
        "cat.n.01\tcar.n.01\t5\t6",
    ]
    write(pets.folder, lines, name="mine")
    assert relation_missing(pets, "mine", "path") is None
    np.testing.assert_array_equal(relation_rdm(pets, "mine", "path").values, [2, 0, 6, 2, 4, 6])


def test_relations_may_go_by_concept(make_set):
    stimuli = make_set(3, fields=[{"concept": c} for c in "aba"])
    write(stimuli.folder, ["concept 1\tconcept 2\twu-palmer", "a\tb\t0.5"])
    np.testing.assert_array_equal(wordnet_rdm(stimuli).values, [0.5, 0.0, 0.5])


def test_windows_line_ends_read_the_same_and_the_digest_is_of_the_file(pets):
    path = write(pets.folder, LINES)
    unix = read_relations(path)
    assert unix.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    windows = read_relations(path)
    assert windows.place == unix.place
    np.testing.assert_array_equal(windows.distances["path"], unix.distances["path"])


def test_a_set_without_the_file_says_so_in_one_sentence(pets):
    reason = wordnet_missing(pets)
    assert reason is not None
    assert "there is no file" in reason
    assert "relations/wordnet.tsv" in reason
    assert "\n" not in reason
    assert "wordnet" not in spaces(pets)
    with pytest.raises(UserError, match="there is no file"):
        wordnet_rdm(pets)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["transcript 1\ttranscript 2\tpath", "cat\tdog\t1"], "no column 'wu-palmer', only: path"),
        (["concept 1\tconcept 2\twu-palmer", "a\tb\t1"], "4 of 4 stimuli do not have"),
        (["sense 1\tsense 2\twu-palmer", "a\tb\t1"], "by 'sense', which 4 of 4 stimuli"),
        (LINES[:2], "no line for 1 of 3 meanings (the first is 'car')"),
        (LINES[:3], "no line for 1 pairs (the first is 'dog', 'car')"),
    ],
)
def test_relations_that_do_not_cover_the_set_are_missing_with_the_reason(pets, lines, reason):
    write(pets.folder, lines)
    assert reason in (wordnet_missing(pets) or "")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([""], r"wordnet\.tsv:1: header is ''"),
        (["a\tb\tc"], "header is"),
        (["transcript 1\ttranscript 2"], "header is"),
        (["transcript 1\tconcept 2\twu-palmer"], "header is"),
        (["transcript 1\ttranscript 2\tpath\tpath"], "header is"),
        ([LINES[0], "cat\tdog\t0.25"], ":2: found .* needed two names and 2 distances"),
        ([LINES[0], ""], ":2: found ''"),
        ([LINES[0], "cat\tcat\t0\t0"], ":2: 'cat' against itself"),
        ([LINES[0], "cat\tdog\tx\t0"], ":2: .* are not all distances"),
        ([LINES[0], "cat\tdog\tnan\t0"], ":2: .* are not all distances"),
        ([LINES[0], "cat\tdog\t-1\t0"], ":2: .* are not all distances"),
        ([LINES[0], LINES[1], "dog\tcat\t1\t1"], ":3: the pair 'dog', 'cat' stands .* second"),
    ],
)
def test_a_file_of_another_form_is_refused_with_file_and_line(pets, lines, message):
    write(pets.folder, lines)
    with pytest.raises(UserError, match=message):
        wordnet_missing(pets)


def test_a_file_that_is_no_text_is_refused(pets):
    write(pets.folder, LINES).write_bytes(b"transcript 1\xff")
    with pytest.raises(UserError, match="not UTF-8 text at byte 12"):
        wordnet_rdm(pets)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"mine\.tsv cannot be read: No such file"):
        read_relations(tmp_path / "mine.tsv")


def test_concept_is_zero_for_one_meaning_in_any_language_and_one_for_another(make_set):
    said = [("en", "hello"), ("fr", "hello"), ("en", "thanks"), ("fr", "thanks")]
    stimuli = make_set(4, fields=[{"language": lang, "concept": c} for lang, c in said])
    found = concept_rdm(stimuli)
    np.testing.assert_array_equal(found.values, [0, 1, 1, 1, 1, 0])
    assert "concept" in spaces(stimuli)


@pytest.mark.parametrize(
    ("concepts", "reason"),
    [
        (["a", None, "a"], "1 of 3 stimuli have no concept (the first is 's1')"),
        (["a", "b", "c"], "3 stimuli have 3 concepts, so that all distances are equal"),
        (["a", "a", "a"], "3 stimuli have 1 concepts"),
    ],
)
def test_a_set_without_shared_concepts_says_why(make_set, concepts, reason):
    stimuli = make_set(3, fields=[{"concept": c} if c else {} for c in concepts])
    assert reason in (concept_missing(stimuli) or "")
    assert "concept" not in spaces(stimuli)
    with pytest.raises(UserError, match=r"concepts?"):
        concept_rdm(stimuli)
