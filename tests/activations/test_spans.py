"""Spans are pooled by how much of them each step stands for, and none is lost in silence."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.activations import Span, extract_spans, heard_spans, spans_of
from grounding.activations.by_span import SpanActivations
from grounding.encoders import load_encoder
from grounding.errors import GroundingError, UnknownName, UserError
from grounding.stimuli import Stimulus

SEGMENTS = [["k", 0.02, 0.11], ["æ", 0.11, 0.2037], ["t", 0.2037, 0.26]]
WORDS = [["cat", 0.02, 0.26]]


@pytest.fixture
def marked(toys):
    """Four stimuli with segments and words."""
    return [annotated(s, segments=SEGMENTS, words=WORDS) for s in toys[:4]]


def annotated(stimulus, transcript=None, **attributes):
    record = {**stimulus.record(), "attributes": attributes}
    record["transcript"] = transcript or record["transcript"]
    return Stimulus.from_record(record, stimulus.folder)


def slow_mean(frames, steps, span):
    """Average frames by overlap, one step at a time."""
    total, weight = np.zeros(frames.shape[-1]), 0.0
    for frame, centre in zip(frames.astype(float), steps.centre, strict=True):
        low, high = (centre - steps.hop / 2) / steps.rate, (centre + steps.hop / 2) / steps.rate
        overlap = max(0.0, min(high, span.end) - max(low, span.start))
        total, weight = total + overlap * frame, weight + overlap
    return total / weight


@pytest.mark.parametrize("kind", ["phone", "word", "utterance"])
@pytest.mark.parametrize("stored", [True, False])
def test_a_span_is_the_overlap_weighted_mean_of_steps(kind, stored, marked, tmp_path):
    encoder = load_encoder("toy")
    store = tmp_path if stored else None
    acts = extract_spans(encoder, marked, kind, store)
    assert acts.layers == encoder.layers and acts.values.dtype == np.float32
    assert acts.labels[0] == {"phone": "k", "word": "cat", "utterance": "cat"}[kind]
    assert len(acts.spans) == {"phone": 12, "word": 4, "utterance": 4}[kind]
    frames = {s.id: encoder.encode([s])[0] for s in marked}
    steps = {s.id: encoder.steps(s) for s in marked}
    for place, span in enumerate(acts.spans):
        assert (acts.stimuli[place], acts.start[place]) == (span.stimulus, span.start)
        assert acts.end[place] == span.end
        for layer in range(3):
            expected = slow_mean(frames[span.stimulus][layer], steps[span.stimulus], span)
            np.testing.assert_allclose(acts.layer(layer)[place], expected, rtol=1e-5, atol=1e-6)


def test_spans_come_back_in_the_order_given_and_from_the_store(marked, counting, tmp_path):
    encoder = counting()
    first = extract_spans(encoder, marked, "phone", tmp_path)
    asked = len(encoder.asked)
    again = extract_spans(encoder, marked[::-1], "phone", tmp_path, layers=["layer-2"])
    assert len(encoder.asked) == asked
    order = [first.spans.index(span) for span in again.spans]
    np.testing.assert_array_equal(again.values[0], first.layer("layer-2")[order])
    mixed = [first.spans[i] for i in (5, 0, 4)]
    some = extract_spans(encoder, marked, "phone", tmp_path, spans=mixed)
    assert some.spans == tuple(mixed)
    np.testing.assert_allclose(some.values, first.values[:, [5, 0, 4]], rtol=1e-6)


def test_other_edges_never_meet_old_entries(marked, counting, tmp_path):
    extract_spans(counting(), marked, "phone", tmp_path)
    moved = [annotated(s, segments=[["k", 0.02, 0.1], *SEGMENTS[1:]]) for s in marked]
    encoder = counting()
    extract_spans(encoder, moved, "phone", tmp_path)
    assert len(encoder.asked) == 4
    renamed = [annotated(s, segments=[["g", 0.02, 0.11], *SEGMENTS[1:]]) for s in marked]
    encoder = counting()
    assert extract_spans(encoder, renamed, "phone", tmp_path).labels[0] == "g"
    assert not encoder.asked  # a label moves no number


def test_a_span_that_no_step_overlaps_is_refused_and_listed(marked):
    encoder = load_encoder("toy")
    late = Span(marked[0].id, "late", 50.0, 51.0)
    spans = [*spans_of(marked, "phone"), late, Span(marked[1].id, "sliver", 0.0, 0.0005)]
    with pytest.raises(UserError, match=r"'cat-0': no step .* span 'late' from 50 to 51 seconds"):
        extract_spans(encoder, marked, "phone", spans=spans)
    kept, dropped = heard_spans(encoder, marked, spans)
    assert [span.label for span in dropped] == ["late", "sliver"]
    assert kept == spans[:-2]
    assert extract_spans(encoder, marked, "phone", spans=kept).values.shape[1] == 12


def test_text_has_words_by_characters(toys):
    encoder = load_encoder("toy-text")
    stimuli = [annotated(toys[0], "the  red cat"), annotated(toys[2], "dog")]
    acts = extract_spans(encoder, stimuli, "word")
    assert acts.labels == ("the", "red", "cat", "dog")
    assert [(span.start, span.end) for span in acts.spans] == [(0, 3), (5, 8), (9, 12), (0, 3)]
    frames = encoder.encode(stimuli)
    np.testing.assert_allclose(acts.values[:, 1], frames[0][:, 5:8].mean(axis=1), rtol=1e-6)
    whole = extract_spans(encoder, stimuli, "utterance")
    np.testing.assert_allclose(whole.values[:, 0], frames[0].mean(axis=1), rtol=1e-5)
    with pytest.raises(UserError, match="no spans of kind 'phone', since its letters"):
        extract_spans(encoder, stimuli, "phone")


@pytest.mark.parametrize("unit", ["character", "second"])
def test_spans_of_the_other_unit_are_refused(unit, marked):
    encoder = load_encoder("toy" if unit == "character" else "toy-text")
    spans = [Span(marked[0].id, "cat", 0, 3, unit)]
    with pytest.raises(UserError, match=f"is in {unit}s and the encoder's steps are"):
        extract_spans(encoder, marked, "word", spans=spans)


@pytest.mark.parametrize("kind", ["phone", "word"])
def test_stimuli_without_spans_are_refused(kind, toys):
    attribute = {"phone": "segments", "word": "words"}[kind]
    with pytest.raises(UserError, match=f"'cat-0' has no attribute '{attribute}'; needed for"):
        spans_of(toys, kind)


@pytest.mark.parametrize("broken", [[["k", 0.1]], [["k", "a", "b"]], [5]])
def test_spans_of_another_form_are_refused(broken, toys):
    with pytest.raises(UserError, match=r"'segments' of stimulus 'cat-0' is not \[\[label, start"):
        spans_of([annotated(toys[0], segments=broken)], "phone")


def test_bad_wishes_are_refused(marked):
    encoder = load_encoder("toy")
    with pytest.raises(UnknownName, match=r"unknown kind of span 'phones'. Did you mean 'phone'"):
        spans_of(marked, "phones")
    with pytest.raises(UserError, match=r"from 0.2 to 0.1 seconds; needed a start from 0"):
        Span("a", "k", 0.2, 0.1)
    with pytest.raises(UserError, match="1 spans, of stimuli that are not given: nobody; needed"):
        extract_spans(encoder, marked, "phone", spans=[Span("nobody", "k", 0.0, 0.1)])
    with pytest.raises(UserError, match="of stimuli that are not given: nobody"):
        heard_spans(encoder, marked, [Span("nobody", "k", 0.0, 0.1)])
    with pytest.raises(UserError, match=r"a kind of span is a word.* found '\.\./x'"):
        extract_spans(encoder, marked, "../x", spans=[Span("cat-0", "k", 0.0, 0.1)])
    assert extract_spans(encoder, marked, "syllable", spans=[Span("cat-0", "k", 0, 0.1)]).kind
    with pytest.raises(UserError, match="0 spans, of stimuli that are not given: none; needed one"):
        extract_spans(encoder, marked, "phone", spans=[])
    with pytest.raises(GroundingError, match="have the shape"):
        SpanActivations(np.zeros((1, 2, 3), np.float32), (), ("a",), "phone", "toy", {})
