"""The toy set is a whole set whose sound follows its articulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import stft
from scipy.stats import spearmanr

from grounding.stimuli import ManifestError, validate
from grounding.stimuli.description import describe
from grounding.stimuli.toy import toy_articulation, toy_sound, write_toy_set
from grounding.stimuli.toy_words import TOY_WORDS


def test_a_toy_set_is_whole(tmp_path: Path) -> None:
    stimuli = write_toy_set(tmp_path / "toy", words=5, realisations=2, rng=np.random.default_rng(0))
    assert validate(tmp_path / "toy") == []
    assert len(stimuli) == 10
    words = ["cat", "bread", "hand", "shirt", "car"]
    assert list(stimuli.transcripts) == [word for word in words for _ in range(2)]
    about = describe(stimuli)
    assert about.realisations == (2, 2, 2)
    assert about.streams["flesh"].units == ("mm",)
    assert about.streams["area"].channels == 40
    for stimulus in stimuli:
        assert stimulus.articulation.duration == pytest.approx(stimulus.duration)
        assert 0.1 < np.abs(stimulus.audio).max() < 0.95


def test_equal_seeds_give_equal_sets_and_a_smaller_set_begins_a_larger(tmp_path: Path) -> None:
    def made(name: str, words: int, seed: int):
        rng = np.random.default_rng(seed)
        return write_toy_set(tmp_path / name, words=words, realisations=2, rng=rng)

    large = made("a", 4, 7)
    assert made("b", 4, 7).digest == large.digest
    assert made("c", 4, 8).digest != large.digest
    assert made("d", 2, 7).digest == large[:4].digest


def test_without_articulation_the_sound_is_the_same(tmp_path: Path) -> None:
    both = [
        write_toy_set(
            tmp_path / str(kept),
            words=2,
            realisations=1,
            articulation=kept,
            rng=np.random.default_rng(0),
        )
        for kept in (True, False)
    ]
    assert [s.audio_digest for s in both[0]] == [s.audio_digest for s in both[1]]
    assert {s.articulation_path for s in both[1]} == {None}
    assert not (tmp_path / "False" / "articulation").exists()


def test_the_sound_follows_the_articulation_and_realisations_share_it(tmp_path: Path) -> None:
    stimuli = write_toy_set(
        tmp_path / "toy", words=14, realisations=3, rng=np.random.default_rng(1)
    )

    def spectrum(audio: np.ndarray) -> np.ndarray:
        power = np.abs(stft(audio, 16000, nperseg=512)[2]) ** 2
        return np.log(power[:128].mean(axis=1) + 1e-6)

    heard = np.stack([spectrum(s.audio) for s in stimuli])
    moved = np.stack([s.articulation["flesh"].values.mean(axis=0) for s in stimuli])
    upper = np.triu_indices(len(stimuli), 1)

    def distances(rows: np.ndarray) -> np.ndarray:
        return np.linalg.norm(rows[:, None] - rows[None], axis=2)[upper]

    planted = spearmanr(distances(heard), distances(moved)).statistic
    rng = np.random.default_rng(2)
    null = [
        spearmanr(distances(heard), distances(rng.permutation(moved))).statistic for _ in range(50)
    ]
    assert planted > 0.2
    assert planted > max(null)
    words = np.array(stimuli.transcripts)
    same = (words[:, None] == words[None])[upper]
    assert distances(moved)[same].mean() < 0.7 * distances(moved)[~same].mean()


def test_the_tones_are_where_the_formants_say() -> None:
    track = toy_articulation(np.zeros((100, 12)))
    sound = toy_sound(track, pitch=100.0)
    power = np.abs(np.fft.rfft(sound)) ** 2
    at = np.fft.rfftfreq(len(sound), 1 / 16000)
    for formant in track["formants"].values[0]:
        near = np.abs(at - formant) < 40
        assert power[near].max() == power[np.abs(at - formant) < 300].max()


@pytest.mark.parametrize(
    "numbers", [{"words": 0}, {"words": 59}, {"realisations": 0}, {"seconds": 0.01}]
)
def test_numbers_out_of_range_are_refused(numbers: dict, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"needed 1 to 58 words, at least 1 realisation, and"):
        write_toy_set(tmp_path / "toy", rng=np.random.default_rng(0), **numbers)
    assert list(tmp_path.iterdir()) == []


def test_words_are_different_and_of_several_categories() -> None:
    assert len({word.word for word in TOY_WORDS}) == len(TOY_WORDS) == 58
    assert len({word.category for word in TOY_WORDS[:8]}) == 8
    assert all(word.phones for word in TOY_WORDS)
