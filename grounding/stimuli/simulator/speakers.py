"""Speaker files made at run time from the installed one: other lengths, other vowel shapes.

The installed speaker is GPL-3, so no speaker file is shipped; what is shipped is the rule that
changes it. **Scale** multiplies every length of the anatomy and of every shape (areas by its
square, volumes by its cube, angles and ratios not at all), so a scaled speaker makes the same
gestures with a longer or shorter tract. The vocal folds keep their size; F0 is set by the score.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from grounding.errors import UserError
from grounding.stimuli.simulator.library import SimulatorError, installed_speaker

__all__ = ["SCALES", "Moved", "speaker_xml"]

SCALES = (0.8, 1.2)  # allowed range; outside it closures were not checked
_POWER = {"volume": 3, "max_nasal_port_area": 2}
_UNSCALED = {"trx_slope", "try_slope", "automatic_calc"}
_PARAMETER_POWER = {"JA": 0, "VS": 0, "VO": 2}


class Moved(float):
    """A change that is added to the parameter's value, where a plain number replaces it."""


def _part(root: ET.Element, path: str) -> ET.Element:
    found = root.find(path)
    if found is None:
        raise SimulatorError(f"the installed speaker file has no {path}")
    return found


def _scaled(text: str, factor: float) -> str:
    return " ".join(f"{float(value) * factor:.6f}" for value in text.split())


def _scale_anatomy(anatomy: ET.Element, scale: float) -> None:
    for element in anatomy.iter():
        if element.tag == "param":
            factor = scale ** _PARAMETER_POWER.get(element.get("name", ""), 1)
            for key in ("min", "max", "neutral"):
                element.set(key, _scaled(element.get(key, ""), factor))
            continue
        for key, value in element.items():
            if key in _UNSCALED or key.endswith("angle_deg"):
                continue
            element.set(key, _scaled(value, scale ** _POWER.get(key, 1)))


def _values(shape: ET.Element) -> dict[str, ET.Element]:
    return {str(parameter.get("name")): parameter for parameter in shape}


def _add_shape(shapes: ET.Element, name: str, base: str, changes: Mapping[str, float]) -> None:
    template = next((s for s in shapes if s.get("name") == base), None)
    if template is None:
        raise UserError(f"the installed speaker has no shape {base!r}, on which {name!r} is based")
    new = ET.fromstring(ET.tostring(template))
    new.set("name", name)
    parameters = _values(new)
    for parameter, value in changes.items():
        old = float(parameters[parameter].get("value", "")) if isinstance(value, Moved) else 0.0
        parameters[parameter].set("value", f"{old + value:.6f}")
    for same in [s for s in shapes if s.get("name") == name]:
        shapes.remove(same)
    shapes.append(new)


def speaker_xml(
    scale: float,
    tract_shapes: Mapping[str, tuple[str, Mapping[str, float]]],
    glottis_shapes: Mapping[str, tuple[str, Mapping[str, float]]],
) -> str:
    """Return the installed speaker with added shapes, all lengths multiplied by `scale`.

    `tract_shapes` and `glottis_shapes` map a new name to the shape that it starts from and to
    the parameters that differ (unscaled units: cm, degrees, cm^2).
    """
    if not SCALES[0] <= scale <= SCALES[1]:
        raise UserError(f"anatomy scale {scale} is outside {SCALES[0]} to {SCALES[1]}")
    root = ET.fromstring(installed_speaker().read_text(encoding="utf-8"))
    anatomy = _part(root, "vocal_tract_model/anatomy")
    shapes = _part(root, "vocal_tract_model/shapes")
    glottis = _part(root, "glottis_models/glottis_model[@selected='1']/shapes")
    for name, (base, changes) in tract_shapes.items():
        _add_shape(shapes, name, base, changes)
    for name, (base, changes) in glottis_shapes.items():
        _add_shape(glottis, name, base, changes)
    _scale_anatomy(anatomy, scale)
    for parameter in shapes.iter("param"):
        factor = scale ** _PARAMETER_POWER.get(parameter.get("name", ""), 1)
        parameter.set("value", _scaled(parameter.get("value", ""), factor))
    return ET.tostring(root, encoding="unicode")
