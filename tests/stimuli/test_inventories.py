"""What the simulator can say of each language: whole tables, and that the movements follow."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.spaces.phones import phone_distances

pytest.importorskip("vocaltractlab_cython", reason="needs the extra 'synthesis'")

from grounding.stimuli.simulator import realise, speak
from grounding.stimuli.simulator.articulation import STREAMS
from grounding.stimuli.simulator.consonants import CONSONANTS
from grounding.stimuli.simulator.inventories import INVENTORIES, inventory
from grounding.stimuli.simulator.library import STATE_RATE
from grounding.stimuli.simulator.phones import GLOTTIS_SHAPES
from grounding.stimuli.simulator.physics import closures
from grounding.stimuli.simulator.score import TAIL, gestural_score
from grounding.stimuli.simulator.shapes import TRACT_NAMES, formants
from grounding.stimuli.simulator.speak import load
from grounding.stimuli.simulator.speakers import speaker_xml
from grounding.stimuli.simulator.timing import segments

SETS = Path(__file__).resolve().parents[2] / "stimuli"
TARGETS = inventory("en").targets
SHAPES = {
    name: shape
    for folder in ("vocal-tract-words", "vocal-tract-languages")
    for name, shape in json.loads((SETS / folder / "shapes.json").read_text("utf-8")).items()
}
OTHERS = sorted(set(INVENTORIES) - {"en"})
STYLE = realise("plain", "any-plain").style


def words(language):
    """Yield a word of every phone: a vowel alone, a consonant before and after a vowel."""
    spoken = inventory(language)
    stressed = "AA1" if language == "en" else "ˈa"
    for name, phone in spoken.phones.items():
        if phone.kind != "vowel":
            yield (name, stressed), (stressed, name), (stressed, name, stressed)
        else:
            said = f"{name}1" if language == "en" else f"ˈ{name}"
            yield (said,), ("P" if language == "en" else "p", said), (said, said)


def moved(phones, language):
    """Return where each phone is, the front's narrowest area and the tract's states, at 400 Hz."""
    placed = segments(phones, 1.0, language)
    simulator = load(1.0, SHAPES, language)
    tract, _ = simulator.trajectory(gestural_score(placed, STYLE))
    tubes = [simulator.tube(state) for state in tract]
    front = [tube.area[np.cumsum(tube.length) > tube.incisors - 3.0].min() for tube in tubes]
    spans = [slice(round(s.start * STATE_RATE), round(s.end * STATE_RATE)) for s in placed]
    return spans, np.array(front), tract


@pytest.mark.parametrize("language", INVENTORIES)
def test_every_phone_is_readable_and_none_is_there_twice(language):
    phones = INVENTORIES[language].phones
    assert INVENTORIES[language].language == language and INVENTORIES[language].cannot
    phone_distances([[phone.ipa] for phone in phones.values()])  # refuses what it cannot read
    assert max(Counter(phone.ipa for phone in phones.values()).values()) == 1
    if language != "en":
        assert all(name == phone.ipa == normalize("NFC", name) for name, phone in phones.items())


@pytest.mark.parametrize("language", INVENTORIES)
def test_every_phone_can_be_said_in_a_word(language):
    for said in words(language):
        for phones in said:
            placed = segments(phones, 1.0, language)
            root = ET.fromstring(gestural_score(placed, STYLE))
            end = placed[-1].end + TAIL
            for tier in root:
                length = sum(float(gesture.get("duration_s")) for gesture in tier)
                assert length == 0 or length == pytest.approx(end, abs=2e-3), (phones, tier.attrib)


@pytest.mark.parametrize("language", INVENTORIES)
def test_the_speaker_has_every_shape_that_a_phone_asks_for(language):
    spoken = INVENTORIES[language]
    root = ET.fromstring(speaker_xml(1.0, spoken.tract_shapes(SHAPES), GLOTTIS_SHAPES))
    shapes = {shape.get("name") for shape in root.find("vocal_tract_model/shapes")}
    for name, phone in spoken.phones.items():
        vowels = {*phone.tract, *phone.coda, *phone.unstressed, phone.secondary} - {""}
        gestures = {phone.gesture, phone.friction, phone.hiss, phone.between} - {""}
        needed = vowels | {f"{gesture}({vowel})" for gesture in gestures for vowel in "aiu"}
        assert needed <= shapes, name
        assert phone.tract or phone.gesture or phone.kind == "breath", name


def test_english_adds_its_found_shapes_and_no_others():
    assert list(inventory("en").tract_shapes(SHAPES)) == list(TARGETS)
    assert [s.ipa for s in segments(("AH0", "B", "AH1", "V"), 1.0)] == ["ə", "b", "ʌ", "v"]
    assert inventory("en").phones["ER"].said(0) == "ɚ"


def test_names_of_found_shapes_are_unique_over_languages():
    names = Counter(name for spoken in INVENTORIES.values() for name in spoken.targets)
    assert set(names.values()) == {1} and set(names) == set(SHAPES)


@pytest.mark.parametrize("language", [code for code in OTHERS if INVENTORIES[code].targets])
def test_found_vowels_have_their_formants_and_stay_open(language):
    simulator = load(1.0, SHAPES, language)
    for name, target in INVENTORIES[language].targets.items():
        tract = simulator.tract_shape(name)
        found = formants(simulator, tract)[:3]
        assert np.allclose(found[:2], target.formants[:2], rtol=0.07), name
        assert found[2] == pytest.approx(target.formants[2], rel=0.25), name  # asked for less
        assert simulator.tube(tract).area.min() > 0.5 * target.narrowest, name


def test_consonants_made_by_a_rule_close_or_stay_open():
    used = {}
    for language in OTHERS:
        simulator = load(1.0, SHAPES, language)
        for shape in INVENTORIES[language].shapes:
            used[shape] = simulator.tube(simulator.tract_shape(shape)).area.min()
    for gesture in CONSONANTS:
        shut = gesture.endswith(("closure", "beat"))
        for vowel in "aiu":
            area = used[f"{gesture}({vowel})"]
            assert area < 1e-3 if shut else area > 0.14, gesture


def test_a_trill_closes_again_and_again_and_a_tap_once():
    spans, front, _ = moved(("p", "ˈe", "r", "o"), "es")
    assert closures(front[spans[2].start - 8 : spans[2].stop]) == 3
    spans, front, _ = moved(("k", "ˈa", "ɾ", "a"), "es")
    around = front[spans[2].start - 8 : spans[2].stop + 12]
    assert closures(around) == 1
    assert (around < 0.01).sum() / STATE_RATE < 0.04  # s


def test_a_fast_trill_has_fewer_closures():
    score = gestural_score(segments(("p", "ˈe", "r", "o"), 1.6, "es"), STYLE)
    slow = gestural_score(segments(("p", "ˈe", "r", "o"), 1.0, "es"), STYLE)
    assert score.count("tt-alveolar-beat") < slow.count("tt-alveolar-beat") == 3


def test_the_velum_is_open_in_a_nasal_vowel_and_shut_in_the_stop_before_it():
    spoken = speak(("p", "ˈɛ̃"), realise("plain", "fr-bread-plain"), SHAPES, "fr")
    channels, _ = STREAMS["variables"]
    velum = spoken.streams["variables"][:, channels.index("velum.area")]
    stop, vowel = (slice(round(s.start * 100), round(s.end * 100) - 1) for s in spoken.segments)
    assert velum[stop].max() < 0.02 and velum[vowel].max() > 0.5


def test_a_palatalised_consonant_has_the_tongue_of_i():
    forward = []
    for consonant in ("p", "pʲ"):
        spans, front, tract = moved(("a", consonant, "ˈa"), "ru")
        assert front[spans[1]].min() < 1e-3
        forward.append(tract[spans[1], TRACT_NAMES.index("TCX")].max())
    assert forward[1] > forward[0] + 1.0  # cm


def test_a_long_consonant_is_longer_and_shortens_the_vowel_before_it():
    short, long = (segments(("f", "ˈa", c, "o"), 1.0, "it") for c in ("t", "tː"))
    assert long[2].end - long[2].start > 1.5 * (short[2].end - short[2].start)
    assert long[1].end - long[1].start < 0.8 * (short[1].end - short[1].start)


def test_romance_stops_are_not_aspirated_and_german_ones_are():
    german, spanish = (segments(("p", "ˈa"), 1.0, code) for code in ("de", "es"))
    assert german[0].release > 2 * spanish[0].release
    assert "aspirated" in gestural_score(german, STYLE)
    assert "aspirated" not in gestural_score(spanish, STYLE)


def test_stress_is_read_from_the_vowel_in_either_notation():
    assert [s.stress for s in segments(("k", "ˈa", "s", "ˌa", "a"), 1.0, "es")] == [0, 1, 0, 2, 0]
    assert inventory("en").split("AH2") == ("AH", 2)
    assert inventory("de").split(normalize("NFD", "ç")) == ("ç", 0)


def test_what_a_language_lacks_is_named_with_what_is_nearest():
    with pytest.raises(UserError, match="'θ' is no phone of 'de'; the nearest is 's'; known: iː"):
        segments(("θ", "ˈa"), 1.0, "de")
    with pytest.raises(UserError, match="'AAX' is no phone of 'en'; the nearest is 'AA'; known"):
        segments(("AAX",), 1.0)
    with pytest.raises(UnknownName, match="unknown language of the simulator 'xx'"):
        inventory("xx")
    with pytest.raises(UserError, match="no found shape for es-a, es-e, es-i"):
        inventory("es").tract_shapes({})
