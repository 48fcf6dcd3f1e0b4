"""The checks pass what keeps its promises, and each finds the encoder that breaks its own."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from grounding.encoders import checking, checks, load_encoder
from grounding.encoders.checking import check_model, findings, rate_of
from grounding.encoders.checks import CHECKS
from grounding.encoders.probes import Probes
from grounding.encoders.request import Request
from grounding.encoders.subject import WITHIN, Subject, apart
from grounding.errors import GroundingError, UserError

APPLY = {
    "toy": {"threads", "unknown tokens"},
    "toy-text": {"threads", "silence", "too short", "unknown tokens"},
    "log-mel": {"threads", "random weights", "unknown tokens"},
    "noise": set(CHECKS) - {"layers", "steps", "company", "order", "chosen layers"},
}
"""The checks that do not apply to an encoder."""


def outcome(found) -> dict[str, bool | None]:
    return {one.check: one.passed for one in found}


@pytest.mark.parametrize("name", APPLY)
def test_encoders_without_weights_keep_their_promises(name):
    reports = []
    found = check_model(Request(name), lambda *seen: reports.append(seen))
    expected = {check: None if check in APPLY[name] else True for check in CHECKS}
    assert outcome(found) == expected
    assert reports[0] == (0, len(CHECKS)) and reports[-1] == (len(CHECKS), len(CHECKS))
    assert all(one.found and one.needed for one in found)


@pytest.mark.parametrize("kind", ["wav2vec2-group", "bert"])
def test_models_keep_their_promises(kind, tiny_model):
    found = check_model(Request(str(tiny_model(kind))))
    failed = {one.check: one.found for one in found if one.passed is False}
    assert failed == {}
    (threads,) = (one for one in found if one.check == "threads")
    assert threads.passed and float(threads.found) <= 1e-4


class Broken:
    """The toy encoder, but for what a test changes."""

    def __init__(self, name="toy", **wishes):
        self.inner = load_encoder(name, **wishes)
        for own in ("name", "modality", "sees", "revision", "layers", "provenance"):
            setattr(self, own, getattr(self.inner, own))

    def encode(self, stimuli, layers=None):
        return self.inner.encode(stimuli, layers)

    def steps(self, stimulus):
        return self.inner.steps(stimulus)


class TooManyLayers(Broken):
    def encode(self, stimuli, layers=None):
        return [np.concatenate([a, a[:1]]) for a in self.inner.encode(stimuli, layers)]


class Doubles(Broken):
    def encode(self, stimuli, layers=None):
        return [a.astype(np.float64) for a in self.inner.encode(stimuli, layers)]


class LosesAStep(Broken):
    def encode(self, stimuli, layers=None):
        return [a[:, 1:] for a in self.inner.encode(stimuli, layers)]


class TellsOfHalf(Broken):
    def steps(self, stimulus):
        steps = self.inner.steps(stimulus)
        return replace(steps, hop=steps.hop // 2)


class TellsOfOneLetter(Broken):
    def steps(self, stimulus):
        steps = self.inner.steps(stimulus)
        return replace(steps, start=0 * steps.start, end=0 * steps.end + 1)


class TellsOfNothing(Broken):
    def steps(self, stimulus):
        steps = self.inner.steps(stimulus)
        return replace(steps, start=steps.start + 10**6, end=steps.end + 10**6)


class Backwards(Broken):
    def steps(self, stimulus):
        steps = self.inner.steps(stimulus)
        return replace(steps, middle=steps.centre[::-1])


class Late(Broken):
    def encode(self, stimuli, layers=None):
        return [np.roll(a, 2, axis=1) for a in self.inner.encode(stimuli, layers)]


class LateText(Broken):
    def encode(self, stimuli, layers=None):
        return [np.roll(a, 4, axis=1) for a in self.inner.encode(stimuli, layers)]


class Sociable(Broken):
    def encode(self, stimuli, layers=None):
        return [a * len(stimuli) for a in self.inner.encode(stimuli, layers)]


class Ranked(Broken):
    def encode(self, stimuli, layers=None):
        last = stimuli[-1].id == "noise-0"
        return [a * (1 + last) for a in self.inner.encode(stimuli, layers)]


class IgnoresLayers(Broken):
    def encode(self, stimuli, layers=None):
        chosen = self.layers[: len(layers)] if layers else None
        return self.inner.encode(stimuli, chosen)


class Deaf(Broken):
    def encode(self, stimuli, layers=None):
        made = []
        for stimulus in stimuli:
            silent = stimulus.id in ("silence", "short")
            made += [np.zeros((3, 1, 32), np.float32)] if silent else self.inner.encode([stimulus])
        return made


@pytest.mark.parametrize(
    ("broken", "failing", "found"),
    [
        (TooManyLayers(), "layers", "4 layers; 3 names"),
        (Doubles(), "layers", "float64"),
        (LosesAStep(), "steps", "are told of"),
        (TellsOfHalf(), "steps", "49% of each covered"),
        (TellsOfOneLetter("toy-text"), "steps", "7% of each covered"),
        (TellsOfNothing(), "steps", "a step outside of"),
        (Backwards(), "steps", "centres that do not rise"),
        (Late(), "lag", "moves most the step from"),
        (LateText("toy-text"), "lag", "wrongly"),
        (Sociable(), "company", "e"),
        (Ranked(), "order", "e"),
        (IgnoresLayers(), "chosen layers", "e"),
        (Deaf(), "silence", "was taken"),
        (Deaf(), "too short", "was taken"),
    ],
)
def test_a_broken_promise_is_found(broken, failing, found, tmp_path):
    subject = Subject(Request(broken.inner.name), broken, Probes(tmp_path, 16_000))
    passed, what = CHECKS[failing].run(subject)
    assert passed is False and found in what


@pytest.mark.parametrize("kind", ["wav2vec2-layer", "whisper", "wav2vec2-bert"])
@pytest.mark.parametrize("by", [-1, 0, 1])
def test_times_that_are_wrong_by_one_step_are_found(kind, by, tiny_model, tmp_path):
    class Shifted(Broken):
        plan = load_encoder(tiny_model(kind)).plan
        _model = property(lambda self: self.inner._model)

        def steps(self, stimulus):
            steps = self.inner.steps(stimulus)
            middle = None if steps.middle is None else steps.middle + by * steps.hop
            shift = by * steps.hop
            return replace(steps, start=steps.start + shift, end=steps.end + shift, middle=middle)

    request = Request(str(tiny_model(kind)), window=2.0 if kind == "whisper" else None)
    shifted = Shifted(request.name, window=request.window)
    subject = Subject(request, shifted, Probes(tmp_path, 16_000))
    assert CHECKS["lag"].run(subject)[0] == (by == 0)


def test_threads_that_move_numbers_are_found(tiny_model, tmp_path):
    import torch

    class Counting(Broken):
        def encode(self, stimuli, layers=None):
            return [a * torch.get_num_threads() for a in self.inner.encode(stimuli, layers)]

    request = Request(str(tiny_model("bert")))
    broken = Counting(request.name)
    before = torch.get_num_threads()
    passed, _ = CHECKS["threads"].run(Subject(request, broken, Probes(tmp_path, 16_000)))
    assert passed is False and torch.get_num_threads() == before


@pytest.mark.parametrize("seeds", ["the same", "not again", "its own"])
def test_random_weights_that_are_none_are_found(seeds, monkeypatch, tmp_path):
    subject = Subject(Request("toy"), load_encoder("toy"), Probes(tmp_path, 16_000))
    asked = iter(range(100, 200))

    def load(request):
        if seeds == "its own":
            return load_encoder("toy")
        seed = 7 if seeds == "the same" else next(asked)
        return load_encoder("toy", weights="random", seed=seed)

    monkeypatch.setattr(checks, "load_request", load)
    assert CHECKS["random weights"].run(subject)[0] is False


def test_an_error_of_the_encoder_fails_the_check_and_not_the_run(tmp_path):
    class Refusing(Broken):
        def encode(self, stimuli, layers=None):
            raise UserError("not this one")

    found = findings(Subject(Request("toy"), Refusing(), Probes(tmp_path, 16_000)))
    assert {one.found for one in found if one.passed is False} >= {"not this one"}
    assert outcome(found)["layers"] is False


def test_the_rate_is_found_by_asking(tmp_path):
    @dataclasses.dataclass
    class Hears:
        rate: int
        name: str = "listener"
        sees: str = "audio"

        def steps(self, stimulus):
            from grounding.encoders.hearing import samples_of

            return samples_of(stimulus, self.name, rate=self.rate, least=400)

    assert rate_of(Hears(24_000), tmp_path) == 24_000
    assert rate_of(load_encoder("toy-text"), tmp_path) == 16_000
    with pytest.raises(UserError, match="listener takes no recording of one second at a usual"):
        rate_of(Hears(11_025), tmp_path)


def test_arrays_are_compared_layer_by_layer():
    one = [np.array([[[100.0, 1.0]], [[1.0, 0.5]]])]
    other = [np.array([[[100.0, 1.0]], [[1.1, 0.5]]])]
    assert apart(one, other) == pytest.approx(0.1) and apart(one, one) == 0.0
    with pytest.raises(GroundingError, match="other shapes"):
        apart(one, [one[0][:1]])


def test_what_cannot_be_loaded_is_bad_input():
    with pytest.raises(UserError, match="unknown encoder 'tooy'"):
        checking.check_model(Request("tooy"))


def test_padding_that_is_seen_is_found_though_a_lone_recording_is_padded_too(tiny_model, tmp_path):
    request = Request(str(tiny_model("wav2vec2-group")))
    encoder = load_encoder(request.name)
    prepare, length = encoder.plan.prepare, len(encoder.layers)
    encoder.plan.__dict__["prepare"] = lambda heard: {
        "input_values": prepare(heard)["input_values"]  # the mask is lost, alone and in company
    }
    subject = Subject(request, encoder, Probes(tmp_path, 16_000))
    passed, found = CHECKS["company"].run(subject)
    assert passed is False and float(found) > 5 * WITHIN
    assert all(len(array) == length for array in subject.unpadded)


def test_what_pads_nothing_is_unpadded_already(tmp_path):
    subject = Subject(Request("toy"), load_encoder("toy"), Probes(tmp_path, 16_000))
    assert apart(subject.alone, subject.unpadded) == 0.0
