"""Sound at a known sample moves the steps whose field holds it, and no others.

Asked of each model's front end, before its steps mix. What looks at the whole recording is set
aside first: group normalisation, and the scaling of a recording by its own mean and variance.
"""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np

from grounding.encoders import load_encoder

SPECTRAL = {"whisper", "wav2vec2-bert", "parakeet-encoder", "parakeet-ctc"}
"""Their windows fall to nothing at the edges, so that an impulse there shows only further in."""

EDGE = 24
SCALED = SPECTRAL - {"whisper"}
LENGTH = 24_000


def loaded(kind, tiny):
    """Return an encoder whose model looks at the whole recording nowhere in its front end."""
    import torch

    encoder = load_encoder(tiny(kind), **({"window": 2.0} if kind == "whisper" else {}))
    body = encoder._model
    for name, module in list(body.named_modules()):
        if type(module).__name__ in ("GroupNorm", "OwnGroupNorm"):
            parent, _, own = name.rpartition(".")
            setattr(body.get_submodule(parent), own, torch.nn.Identity())
    if kind == "mimi":
        body.encoder.encoder_transformer = Through()
    prepare = encoder.plan.prepare
    if hasattr(prepare, "args"):
        prepare.args[0].do_normalize = False
    body.double()
    return encoder


def Through():
    import torch

    class Module(torch.nn.Module):
        def forward(self, hidden, **settings):
            return SimpleNamespace(last_hidden_state=hidden, past_key_values=None)

    return Module()


def front(encoder, sounds, scaled: bool):
    """Return "sound step feature": what leaves the front end."""
    import torch

    from grounding.encoders.passing import through_blocks

    plan, body = encoder.plan, encoder._model
    inputs = dict(plan.prepare([sound.astype(np.float32) for sound in sounds]))
    for name, values in inputs.items():
        if values.is_floating_point():
            inputs[name] = unscaled(values.double()) if scaled else values.double()
    module, axis = plan.front(body)
    seen = []
    hook = module.register_forward_hook(lambda _m, _i, out: seen.append(out))
    with torch.inference_mode():
        if plan.run is not None:
            plan.run(body, inputs, {0})
        else:
            through_blocks(body, plan.blocks(body), inputs, {0})
    hook.remove()
    made = seen[0][0] if isinstance(seen[0], tuple) else seen[0]
    return (made.transpose(1, 2) if axis == -1 else made).numpy()


def unscaled(features):
    """Return features "sound frame band" with each sound's scaling undone, by its last frames.

    A recording's own mean and variance scale each band by a line, the same for all frames; the
    last quarter of every sound here is one sound, so the line can be seen there.
    """
    import torch

    last = features[:, -features.shape[1] // 4 : -2]
    low, high = last.min(dim=1, keepdim=True), last.max(dim=1, keepdim=True)
    first_low, first_high = low.values[:1], high.values[:1]
    slope = (first_high - first_low) / (high.values - low.values)
    return torch.where(features == 0, features, (features - low.values) * slope + first_low)


def moved(encoder, positions, kind):
    """Return "position step": how far an impulse at each position moves each step, relative."""
    base = 0.1 * np.random.default_rng(3).standard_normal(LENGTH)
    if kind in SPECTRAL:  # every window up to well past the impulses sees one and the same sound
        base[: 2 * LENGTH // 3] = np.resize(base[:160], 2 * LENGTH // 3)
    sounds = [base, *(base.copy() for _ in positions)]
    for sound, position in zip(sounds[1:], positions, strict=True):
        sound[position] += 0.7
    made = front(encoder, sounds, kind in SCALED)
    return np.abs(made[1:] - made[:1]).max(axis=2) / np.abs(made[0]).max()


def field_faults(steps, positions, changes, edge: int, least: float) -> list[str]:
    """Say where a step moved outside its field, or did not move inside it."""
    found = []
    for position, change in zip(positions, changes, strict=True):
        for step in range(len(steps)):
            start, end = steps.start[step], steps.end[step]
            if change[step] > least and not start <= position < end:
                found.append(f"step {step} moved at {position}, outside {start} to {end}")
            if change[step] <= least and start + edge <= position < end - edge:
                found.append(f"step {step} stayed at {position}, inside {start} to {end}")
    return found


def places(steps, edge: int) -> list[int]:
    """Return positions at and around the edges of a step in the middle, and some between."""
    step = np.searchsorted(steps.start, LENGTH // 3)
    start, end = int(steps.start[step]), int(steps.end[step])
    rng = np.random.default_rng(4)
    around = [start - 1, start + edge, end - 1 - edge, end]
    return around + [int(place) for place in rng.integers(LENGTH // 4, LENGTH // 2, 8)]


def test_an_impulse_moves_the_steps_whose_field_holds_it(kind, tiny, record):
    encoder = loaded(kind, tiny)
    edge = EDGE if kind in SPECTRAL else 0
    least = 1e-5 if kind == "wav2vec2-bert" else 1e-9  # its frames are made in float32
    steps = encoder.plan.steps(LENGTH)
    where = places(steps, edge)
    changes = moved(encoder, where, kind)
    assert field_faults(steps, where, changes, edge, least) == []
    for shift in (-steps.hop, steps.hop):
        wrong = dataclasses.replace(steps, start=steps.start + shift, end=steps.end + shift)
        assert field_faults(wrong, where, changes, edge, least) != []


def bump(sizes):
    """Return a smooth kernel, largest in its middle."""
    import torch

    kernel = torch.ones((), dtype=torch.float64)
    for size in sizes:
        kernel = kernel[..., None] * torch.hann_window(size + 2, periodic=False).double()[1:-1]
    return kernel / kernel.sum()


def smooth(encoder) -> None:
    """Make every convolution of the front end one bump, with no side path and no norm beside it."""
    import torch
    from torch.nn.utils import parametrize

    body = encoder._model
    for name, module in list(body.named_modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
        if isinstance(module, torch.nn.LayerNorm) and (
            "conv_layers" in name or name == "layer_norm"
        ):
            parent, _, own = name.rpartition(".")
            setattr(body.get_submodule(parent), own, torch.nn.Identity())
    with torch.no_grad():
        for module in body.modules():
            if isinstance(module, torch.nn.Conv1d | torch.nn.Conv2d):
                inputs = module.weight.shape[1]
                module.weight.copy_((bump(module.kernel_size) / inputs).expand_as(module.weight))
                if module.bias is not None:
                    module.bias.zero_()
        for module in body.modules():
            if type(module).__name__ in ("EncodecResnetBlock", "MimiResnetBlock"):
                module.block[-1].conv.weight.zero_()


def peak_faults(steps, positions, changes) -> list[str]:
    """Say where an impulse moves another step most than the one whose centre is nearest."""
    found = []
    for position, change in zip(positions, changes, strict=True):
        far = np.abs(steps.centre - (position + 0.5))
        nearest, second = np.argsort(far)[:2]
        if far[second] - far[nearest] < 0.1 * steps.hop:
            continue  # between two centres
        if int(change.argmax()) != nearest:
            found.append(f"{position} moves step {change.argmax()} most, not {nearest}")
    return found


def test_an_impulse_moves_the_step_with_the_nearest_centre_most(kind, tiny):
    encoder = loaded(kind, tiny)
    smooth(encoder)
    steps = encoder.plan.steps(LENGTH)
    where = [LENGTH // 3 + place for place in range(0, 3 * steps.hop, steps.hop // 7)]
    changes = moved(encoder, where, kind)
    assert peak_faults(steps, where, changes) == []
    for shift in (-steps.hop, steps.hop):
        wrong = dataclasses.replace(steps, middle=steps.centre + shift)
        assert peak_faults(wrong, where, changes) != []
