"""A mean over steps that see no farther than a piece knows no order, and one that does, does."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.probes.tasks import Features, features_of, reordered, reordering, word_order
from grounding.stimuli import read_stimuli, write_manifest

TEXT = "one two three four five"


@pytest.fixture
def prompts(tmp_path):
    """Return a function that writes prompts of noise, with the times of their phones."""

    def make(count=8, text=TEXT, rate=16_000, segments=True):
        folder = tmp_path / f"prompts-{text.count(' ')}-{rate}-{segments}"
        (folder / "audio").mkdir(parents=True)
        rng, records = np.random.default_rng(0), []
        for k in range(count):
            phones = [*text.replace(" ", "")]
            sound = 0.1 * rng.normal(size=round((0.1 * len(phones) + 0.03) * rate))
            soundfile.write(folder / f"audio/{k}.flac", sound, rate, subtype="PCM_16")
            times = [[p, 0.1 * at, 0.1 * at + 0.1] for at, p in enumerate(phones)]
            records.append(
                {
                    "id": f"p{k}",
                    "transcript": f"{text} {k}" if count > 1 else text,
                    "language": "en",
                    "audio": f"audio/{k}.flac",
                    "rate": rate,
                    "phones": phones,
                    "attributes": {"segments": times} if segments else {},
                }
            )
        write_manifest(folder, records)
        return read_stimuli(folder)

    return make


def test_versions_hold_the_same_pieces_in_two_orders(prompts, tmp_path):
    (prompt,) = prompts(count=1)
    made = reordered([prompt], tmp_path / "made")
    kept, swapped = made.stimuli
    assert made.left_out == () and kept.transcript == TEXT
    assert swapped.transcript == "one three two four five"
    assert sorted(kept.phones) == sorted(swapped.phones) and kept.phones != swapped.phones
    assert [s.attributes["order"] for s in made.stimuli] == ["kept", "swapped"]
    _, cuts = reordering.borders(prompt)
    a, b, c = cuts
    gap, fade = 1600, 160
    middle = kept.audio[a + gap + fade : b + gap - fade]  # B, behind A and a gap
    np.testing.assert_allclose(middle, 0.9 * prompt.audio[a + fade : b - fade], atol=1e-4)
    behind = a + gap + (c - b) + gap  # in the other version behind C and its gap too
    np.testing.assert_array_equal(middle, swapped.audio[behind + fade : behind + b - a - fade])
    assert len(kept.audio) == len(swapped.audio) == len(prompt.audio) + 3 * gap
    assert all(cut % 320 == 0 for cut in cuts)


def test_steps_that_see_one_piece_are_at_chance_and_without_the_gap_are_not_equal(
    prompts, tmp_path, monkeypatch
):
    some = prompts()
    encoder = load_encoder("toy")
    versions = reordered(some, tmp_path / "made").stimuli
    (features,) = features_of(encoder, versions, ["embedding"], tmp_path / "store")
    score = word_order.run(features, versions, np.random.default_rng(0))
    assert (score.marks == 0.5).all() and score.value == score.chance == 0.5
    monkeypatch.setattr(reordering, "GAP", 0.0)
    joins = reordered(some, tmp_path / "joined").stimuli
    (features,) = features_of(encoder, joins, ["embedding"], tmp_path / "store")
    assert (word_order.run(features, joins, np.random.default_rng(0)).marks != 0.5).any()


def made_up(versions, key, seed=0):
    """A step of noise, and a vector of each key."""
    rng, vectors, frames = np.random.default_rng(seed), {}, {}
    for stimulus in versions:
        vector = vectors.setdefault(key(stimulus), rng.normal(size=60))
        frames[stimulus.id] = (vector + 0.1 * rng.normal(size=60))[None]
    return Features(frames, "made-up", "layer-1")


def test_a_planted_order_is_found_and_a_remembered_wording_is_not(prompts, tmp_path):
    some = prompts(count=20)
    versions = list(reordered(some, tmp_path / "made").stimuli)
    rng = np.random.default_rng(0)
    order = made_up(versions, lambda s: s.attributes["order"])
    assert word_order.run(order, versions, rng).value == 1.0
    # Prompts in fours of one wording: a vector for each wording and order is remembered.
    wording = {s.id: int(s.attributes["prompt"][1:]) // 4 for s in versions}
    both = word_order.pairs(versions)
    remembered = made_up(versions, lambda s: (wording[s.id], s.attributes["order"]))
    groups = [str(wording[kept.id]) for kept, _ in both]
    ours = [
        word_order.choose(
            made_up(versions, lambda s: (wording[s.id], s.attributes["order"]), seed),
            both,
            groups,
            rng,
        ).value
        for seed in range(6)
    ]
    leak = word_order.choose(remembered, both, [kept.id for kept, _ in both], rng)
    assert leak.value > 0.95 and abs(np.mean(ours) - 0.5) < 0.25


def test_prompts_of_one_wording_stay_together(prompts, tmp_path):
    versions = reordered(prompts(count=6), tmp_path / "made").stimuli
    features = made_up(versions, lambda s: s.id)
    score = word_order.run(features, versions, np.random.default_rng(0))
    assert len(set(score.groups)) == 6 and score.ids == tuple(f"p{k}" for k in range(6))


def test_short_prompts_are_left_out_and_wrong_ones_refused(prompts, tmp_path):
    short, long = prompts(count=1, text="one two three"), prompts(count=1)
    made = reordered([*short, *long], tmp_path / "made")
    assert made.left_out == ("p0",) and len(made.stimuli) == 2
    with pytest.raises(UserError, match="is not empty; needed a folder to be made"):
        reordered(long, tmp_path / "made")
    with pytest.raises(UserError, match="none of 1 prompts has four words"):
        reordered(short, tmp_path / "none")
    with pytest.raises(UserError, match="has no attribute 'segments'"):
        reordered(prompts(count=1, segments=False), tmp_path / "none")
    with pytest.raises(UserError, match="is at 8000 Hz; needed 16000"):
        reordered(prompts(count=1, rate=8_000), tmp_path / "none")
    with pytest.raises(UserError, match="is no version of a prompt"):
        word_order.run(None, long, None)
    with pytest.raises(UserError, match="prompt 'p0' has one version"):
        word_order.run(None, made.stimuli[:1], None)


def test_a_piece_without_a_phone_is_left_out(prompts):
    (prompt,) = prompts(count=1, text="a bcdefgh i jklmnopqrstuvw")
    assert reordering.borders(prompt) is not None
    prompt.__dict__["attributes"] = {"segments": prompt.attributes["segments"][:3]}
    assert reordering.borders(prompt) is None
