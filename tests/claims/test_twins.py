"""Twins among the models: found by provenance, pooled alike, and one row for all their seeds."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from grounding.activations import POOLINGS
from grounding.claims.answer import Answer, Asked, Twin
from grounding.claims.ask import ask
from grounding.claims.assays import ASSAYS, POOLING, pooling_of
from grounding.claims.c7 import CONTRASTS, PAIR, RULE
from grounding.claims.evidence import Evidence, Subject
from grounding.claims.matched import contrast
from grounding.claims.rows import rows
from grounding.claims.rule import Outcome
from grounding.claims.settings import Settings
from grounding.claims.subjects import MODELS, TWINS, default_models, load_subjects
from grounding.claims.table import CLAIMS
from grounding.claims.twins import in_one_row, together, twin_of
from grounding.encoders import ENCODERS, load_encoder
from grounding.encoders.families import twin as family
from grounding.encoders.steps import Steps
from grounding.errors import UserError, WeightsError
from grounding.figures import read_result
from grounding.stimuli import read_stimuli

QUICK = Settings(random_seeds=2, resamples=200, band_resamples=30, permutations=20)


@pytest.fixture(scope="module")
def toy(toy_folder):
    return read_stimuli(str(toy_folder))


@dataclass(frozen=True, eq=False)
class Stub:
    """A twin that is not there: what it knows of the tract, and what its seed makes of it."""

    modality: str
    input: str
    seed: int
    knows: float
    name: str = "stub"
    sees: str = "stimulus"
    layers: tuple[str, ...] = ("only",)
    provenance: dict = field(default_factory=dict)

    @property
    def revision(self):
        return f"{self.input}-{self.seed}-{self.knows}"

    def encode(self, stimuli, layers=None):
        return [self._encode(stimulus) for stimulus in stimuli]

    def steps(self, stimulus):
        start = np.arange(len(stimulus.articulation.streams["flesh"].values))
        return Steps(start, start + 1, "character")

    def _encode(self, stimulus):
        said = stimulus.transcript if self.modality == "text" else stimulus.id
        rng = np.random.default_rng([self.seed, *said.encode()])
        flesh = stimulus.articulation.streams["flesh"].values
        deviates = (flesh - flesh.mean(0)) if self.knows else np.zeros_like(flesh)
        noise = rng.normal(size=(8, flesh.shape[1])).repeat(len(flesh) // 8 + 1, axis=0)
        return (self.knows * deviates + noise[: len(flesh)]).astype(np.float32)[None]


def stubbed(toy, tmp_path, audio, seeds=(0, 1, 2)):
    """Return the physics answer of stub twins: the audio ones know so much, the others nothing."""
    subjects = []
    for input, modality, knows in (("audio", "speech", audio), ("characters", "text", 0.0)):
        for seed in seeds:
            encoder = Stub(modality, input, seed, knows, f"{input}-{seed}")
            asked = Asked(
                f"{encoder.name} (trained)", encoder.name, modality, "trained", "model", "twin", 1,
                pooling="trajectory", layers=encoder.layers, twin=Twin(input, seed, "aa"),
            )  # fmt: skip
            subjects.append(Subject(asked, encoder))
    evidence = Evidence(toy, tuple(subjects), QUICK, tmp_path, lambda *_: None)
    return ask(ASSAYS["physics"], evidence)


@pytest.mark.parametrize(
    ("audio", "expected"), [(1.0, {Outcome.SUPPORTED}), (0.0, {Outcome.REFUTED, Outcome.UNDECIDED})]
)
def test_twins_that_hear_the_tract_are_found_and_twins_that_do_not_are_not(
    toy, tmp_path, audio, expected
):
    answer = stubbed(toy, tmp_path, audio)
    result = CLAIMS["C7"].decide({"physics": answer})
    (pair,) = [one for one in result.estimates if one.name == PAIR]
    (criterion,) = [one for one in RULE.criteria if one.estimate == PAIR]
    assert criterion.judge(pair) in expected
    if not audio:
        assert pair.low <= 0 <= pair.high


def test_what_is_a_twin_is_read_from_provenance(twin_folder):
    folder = twin_folder("characters", 3, pair="cd" * 32)
    assert twin_of(load_encoder(folder).provenance) == Twin("characters", 3, "cd" * 32)
    assert twin_of(load_encoder("toy").provenance) is None


def test_a_twin_that_does_not_say_how_it_was_trained_is_one_all_the_same():
    assert twin_of({"family": "twin", "input": "audio"}) == Twin("audio", None, "")


@pytest.mark.parametrize(
    ("text", "match"), [("{", "cannot be read as JSON"), ("[1]", "holds list, not an object")]
)
def test_a_broken_account_of_training_is_refused(twin_folder, tmp_path, text, match):
    folder = Path(shutil.copytree(twin_folder("audio"), tmp_path / "broken"))
    (folder / "training.json").write_text(text)
    with pytest.raises(WeightsError, match=match):
        load_encoder(folder)
    (folder / "training.json").unlink()
    assert twin_of(load_encoder(folder).provenance) == Twin("audio", None, "")


def test_steps_that_are_even_in_time_are_pooled_as_speech_whatever_was_fed(twin_folder):
    for fed in ("audio", "characters", "phonemes"):
        assert pooling_of(load_encoder(twin_folder(fed))) == POOLING["speech"]
    for name in (*MODELS, "toy", "toy-text", "noise"):
        if not ENCODERS[name].loader.startswith("grounding.encoders.folders"):
            assert pooling_of(load_encoder(name)) == POOLING[ENCODERS[name].modality]
    assert set(POOLING.values()) <= set(POOLINGS)


def test_a_twin_is_given_the_random_weights_of_its_own_seed_and_no_others(twin_folder):
    folders = [twin_folder(fed, seed) for fed in ("audio", "characters") for seed in (0, 1)]
    subjects = load_subjects(["toy", *map(str, folders)], QUICK, None)
    keys = [s.asked.key for s in subjects if s.asked.role == "model"]
    assert keys[:3] == ["toy (trained)", "toy (random-0)", "toy (random-1)"]
    twins = [s for s in subjects if s.asked.twin]
    assert len(twins) == 8
    for subject in twins:
        own = subject.asked.twin.seed
        assert subject.asked.weights in ("trained", f"random-{own}")
        assert (subject.asked.pooling, subject.asked.family) == ("trajectory", "twin")
    random = [s for s in twins if s.asked.weights != "trained"]
    assert [s.encoder.revision for s in random] == ["random-0", "random-1"] * 2


def test_folders_of_one_name_are_told_apart_by_their_paths(twin_folder):
    folders = [twin_folder("audio", seed) for seed in (0, 1)]
    subjects = load_subjects([str(f) for f in folders], QUICK, None)
    names = [s.asked.name for s in subjects if s.asked.weights == "trained"]
    assert names == [f"audio-{seed}-ab/update-001500" for seed in (0, 1)]
    alone = load_subjects([str(folders[0])], QUICK, None)
    assert alone[0].asked.name == "update-001500"


def test_one_folder_by_two_paths_is_refused(twin_folder):
    folder = twin_folder("audio")
    with pytest.raises(UserError, match="is named twice, by two paths to it"):
        load_subjects([str(folder), str(folder / ".." / folder.name)], QUICK, None)


def test_the_default_models_are_those_that_are_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(family, "SHIPPED", tmp_path)
    assert default_models() == MODELS
    for name in TWINS[:4]:
        (tmp_path / name.removeprefix("twin-")).mkdir()
    assert default_models() == (*MODELS, *TWINS[:4])
    assert set(TWINS) <= set(ENCODERS) and len(TWINS) == 9


def test_a_twin_that_reads_phones_is_not_asked_of_stimuli_without(toy, twin_folder, tmp_path):
    subjects = load_subjects([str(twin_folder("phonemes"))], QUICK, None)
    mute = toy.__class__(tuple(replace(s, phones=None) for s in toy), "mute", toy.folder)
    for stimuli, can in ((toy, True), (mute, False)):
        evidence = Evidence(stimuli, subjects, QUICK, tmp_path, lambda *_: None)
        assert evidence.can_take(subjects[0]) is can


@pytest.fixture
def seeds():
    """Return an answer of an audio twin under three seeds, its random weights, and a model."""
    asked = [Asked("m (trained)", "m", "speech", "trained", "model", layers=("0", "1"))]
    for kind in ("trained", "random"):
        for seed in range(3):
            weights = kind if kind == "trained" else f"random-{seed}"
            name = f"t{seed}"
            asked.append(
                Asked(
                    f"{name} ({weights})",
                    name,
                    "speech",
                    weights,
                    "model",
                    "twin",
                    1,
                    layers=("0", "1"),
                    twin=Twin("audio", seed, "aa"),
                )
            )
    rng = np.random.default_rng(0)
    value = np.array([0.3, 0.2, 0.4, 0.6, 0.0, 0.1, 0.2])
    keys = [item.key for item in asked]
    return Answer(
        "physics", "", 480, 240, tuple(asked), value,
        value + rng.normal(0, 0.01, (300, 7)),
        {key: ("0", "1") if "t1" in key else ("1", "1") for key in keys},
        {key: (one, one / 2) for key, one in zip(keys, value, strict=True)},
        {key: ((v - 0.1, v + 0.1),) * 2 for key, v in zip(keys, value, strict=True)},
        dict.fromkeys(keys, 0.01),
    )  # fmt: skip


def test_the_seeds_of_a_twin_are_one_row_with_their_spread(seeds):
    found = in_one_row(seeds)
    whole = found.asked[-1]
    assert (whole.name, whole.role, whole.weights) == ("t0 (3 seeds)", "model", "trained")
    assert [i.role for i in found.asked[1:4]] == ["seed"] * 3
    assert {i.name for i in found.asked[4:7]} == {"t0 (3 seeds)"}
    assert found.asked[0] == seeds.asked[0]
    assert found.value[-1] == pytest.approx(0.4)
    # Over seeds as well: .2, .4 and .6 differ by far more than stimuli make them.
    assert found.samples[:, -1].std() > 5 * found.samples[:, 1].std()
    assert found.curves[whole.key] == pytest.approx((0.4, 0.2))
    assert found.bands[whole.key] == (pytest.approx((0.1, 0.7)),) * 2
    assert found.chosen[whole.key] == ("1", "0")
    assert whole.key not in found.p
    assert in_one_row(found).asked == found.asked


def test_a_row_of_seeds_is_that_which_the_contrasts_are_of(seeds):
    terms = {("audio", "trained"): 1.0}
    np.testing.assert_allclose(
        contrast(seeds, terms).contrast.samples, in_one_row(seeds).samples[:, -1]
    )


def test_without_several_seeds_nothing_changes(seeds):
    one = [0, 1, 4]
    few = replace(
        seeds,
        asked=tuple(seeds.asked[i] for i in one),
        value=seeds.value[one],
        samples=seeds.samples[:, one],
    )
    assert in_one_row(few) is few
    assert [len(group) for group in together(few.asked)] == [1, 1, 1]


def test_checkpoints_of_one_seed_are_no_seeds(seeds):
    same = replace(seeds.asked[2], twin=replace(seeds.asked[2].twin, seed=0))
    asked = (*seeds.asked[:2], same, *seeds.asked[3:])
    assert {len(group) for group in together(asked)} == {1}


def test_scores_have_a_row_for_all_seeds_and_one_for_each(seeds):
    found = [r for r in rows("set", {"physics": seeds}, ()) if "held out" in r.quantity]
    trained = {(r.model, r.note): r for r in found if r.weights == "trained"}
    assert set(trained) == {("m", ""), ("t0 (3 seeds)", ""), *((f"t{k}", "seed") for k in range(3))}
    whole = trained["t0 (3 seeds)", ""]
    assert (
        "mean over seeds" in whole.selection and "mean over seeds" not in trained["m", ""].selection
    )
    assert whole.high - whole.low > 0.2
    floor = [r for r in found if r.weights.startswith("random")]
    assert {(r.model, r.note) for r in floor} == {("t0 (3 seeds)", "")}


def test_twins_are_not_among_the_models_that_other_claims_are_means_of(seeds):
    assert seeds.models("speech", "trained") == ("m (trained)",)
    assert seeds.models("speech", "random") == ()
    twins = replace(
        seeds, asked=seeds.asked[1:], value=seeds.value[1:], samples=seeds.samples[:, 1:]
    )
    assert len(twins.models("speech", "trained")) == len(twins.models("speech", "random")) == 3


def test_a_twin_survives_json_and_what_is_none_says_nothing_of_twins(seeds):
    back = Answer.from_json(json.loads(json.dumps(seeds.to_json())))
    assert back.asked == seeds.asked
    assert "twin" not in seeds.asked[0].to_json()


@pytest.fixture(scope="module")
def result(run_toy, twin_folder, tmp_path_factory):
    """Return the folder of a run over the toy models and two seeds of tiny twins."""
    out = tmp_path_factory.mktemp("twins") / "out"
    made = [("audio", 0), ("audio", 1), ("characters", 0), ("characters", 1), ("phonemes", 0)]
    run_toy(out, models=("toy", "toy-text", *(str(twin_folder(*one)) for one in made)))
    return out


def test_a_run_over_folders_of_twins_estimates_the_pair(result):
    verdict = json.loads((result / "verdict.json").read_text())
    rows = {row["claim"]: row for row in verdict["claims"]}
    names = [one["name"] for one in rows["C7"]["estimates"]]
    assert set(CONTRASTS) <= set(names)
    assert "share of variance that only modality explains" in names
    assert "could not be estimated" not in rows["C7"]["reason"]
    assert any(
        "under seeds 0, 1; interval over stimuli and seeds" in n for n in rows["C7"]["notes"]
    )
    assert verdict["pooling"] == {**POOLING, "twins": "trajectory"}


def test_what_is_said_of_other_models_does_not_depend_on_twins(result, toy_result):
    with_them, without = (
        json.loads((folder / "verdict.json").read_text()) for folder in (result, toy_result)
    )
    for name in ("C1", "C4", "C6"):
        one, other = (
            next(row for row in v["claims"] if row["claim"] == name) for v in (with_them, without)
        )
        assert one == other
    assert with_them["dissociation"] == without["dissociation"]
    assert "twins" not in without["pooling"]


def test_figures_and_page_show_one_row_a_twin(result):
    read = read_result(result)
    shown = {row.model for row in read.rows("set", "physics", "agreement, layer held out")}
    twins = {name for name in shown if "update" in name}
    assert twins == {
        "audio-0-ab/update-001500 (2 seeds)",
        "characters-0-ab/update-001500 (2 seeds)",
        "phonemes-0-ab/update-001500",
    }
    page = (result / "report.html").read_text()
    assert (
        "audio-0-ab/update-001500 (2 seeds)" in page and "interval over stimuli and seeds" in page
    )
    panels = json.loads((result / "panels.json").read_text())["set"]["panels"]
    assert sum("update" in one["title"] for one in panels) == 3
    overview = {row.model for row in read.rows("set", "overview", "agreement, every layer")}
    assert {name for name in overview if "update" in name} == twins


def test_text_twins_score_nothing_within_a_transcript(result):
    read = read_result(result)
    scores = read.rows("set", "tract-within", "agreement, layer held out")
    text = [row.value for row in scores if row.trained and row.modality == "text"]
    assert len(text) == 3 and not any(text)
