"""A file of arms: what is read, and what is said of a wrong one."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from grounding.errors import UserError
from grounding.twins import ARMS, TwinConfig, read_arms
from grounding.twins.config import OWN, pair_digest

OTHER = {
    "input": "characters",
    "targets": "phonemes",
    "stimuli": "other",
    "languages": ("fr",),
    "units_of": "folder",
    "precision": "float32",
    "dropout": 0.2,
    "density": 0.1,
    "warmup": 0.1,
    "width": 64,
    "heads": 2,
    "rate": 0.1,
}

TEXT = ARMS.read_text("utf-8")


def test_shipped_arms_differ_in_what_they_say_and_nothing_else():
    arms = read_arms(ARMS)
    pairs = {pair_digest(arms[name]) for name in ("audio", "characters", "phonemes")}
    assert len(pairs) == 1
    assert pair_digest(arms["audio-en"]) not in pairs  # fewer utterances


def test_tries_are_arms_that_differ_and_take_as_much_computing():
    tries = read_arms(ARMS.with_name("tries.toml"))
    assert len({one.digest for one in tries.values()}) == len(tries)
    assert len({one.updates * one.batch for one in tries.values()}) == 1


@pytest.mark.parametrize("field", [field.name for field in fields(TwinConfig)])
def test_every_field_is_in_the_digests_and_those_of_a_side_not_in_the_pair(field):
    arm = read_arms(ARMS)["audio"]
    new = OTHER.get(field) or getattr(arm, field) * 2 + 1
    other = replace(arm, **{field: new})
    assert other.digest != arm.digest
    assert (pair_digest(other) == pair_digest(arm)) == (field in OWN)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[pair]", "[pear]", r"needs a table \[pair\].*it has pear"),
        ("kernel = 15\n", "", "arm 'audio': the field 'kernel' is missing"),
        ("kernel = 15", "kernel = 15\nkernels = 3", "unknown field 'kernels'. Known: input"),
        ("kernel = 15", "kernel = '15'", "kernel is '15'; needed int"),
        ("kernel = 15", "kernel = true", "kernel is True; needed int"),
        ("languages = [] ", "languages = [3] ", "needed ISO 639-1 codes"),
        ("dropout = 0.0", "dropout = 1.5", "dropout is 1.5; needed 0 to 0.9"),
        ("heads = 4", "heads = 5", "width 192 does not divide into 5 heads"),
        ('input = "phonemes"', 'input = "phones"', "unknown input 'phones'"),
        ("[arms.audio]", "[arms.audio", "cannot be read as TOML"),
    ],
)
def test_wrong_file_is_named_with_what_is_wrong(tmp_path, old, new, message):
    assert old in TEXT
    path = tmp_path / "arms.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_arms(path)


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_arms(tmp_path / "none.toml")
