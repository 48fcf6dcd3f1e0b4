"""Masked prediction: a trunk, and one linear map from its last layer to targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from grounding.encoders.families.twin import initial_trunk
from grounding.encoders.families.twin_front import WIDTH
from grounding.twins.batches import Batch
from grounding.twins.config import TwinConfig

if TYPE_CHECKING:
    from transformers import Wav2Vec2BertConfig

__all__ = ["MaskedPredictor", "Told", "first_predictor", "trunk_config"]


@dataclass(frozen=True)
class Told:
    """What was told of the masked steps of a batch.

    loss: mean negative log probability of the targets, in nats, with its graph.
    right: how many were most probable. steps: how many were asked for.
    """

    loss: torch.Tensor
    right: int
    steps: int


class MaskedPredictor(torch.nn.Module):
    """A trunk and the head that tells the targets of masked steps."""

    def __init__(self, trunk: torch.nn.Module, head: torch.nn.Linear) -> None:
        super().__init__()
        self.trunk, self.head = trunk, head

    @property
    def settings(self) -> dict[str, Any]:
        """The trunk's configuration, as far as it is not transformers' own default."""
        held: Any = self.trunk.config
        return dict(held.to_diff_dict())

    def forward(self, batch: Batch, device: str = "cpu") -> Told:
        """Return what is told of the masked steps that have a target."""
        asked = torch.from_numpy(batch.masked & (batch.targets >= 0)).to(device)
        states = self.trunk(
            torch.from_numpy(batch.inputs).to(device),
            attention_mask=torch.from_numpy(batch.real).to(device),
            mask_time_indices=torch.from_numpy(batch.masked).to(device),
        ).last_hidden_state
        logits = self.head(states[asked]).float()
        targets = torch.from_numpy(batch.targets).to(device)[asked]
        loss = torch.nn.functional.cross_entropy(logits, targets)
        return Told(loss, int((logits.argmax(1) == targets).sum()), len(targets))


def trunk_config(config: TwinConfig) -> Wav2Vec2BertConfig:
    """Return the trunk's configuration, as transformers reads it."""
    from transformers import Wav2Vec2BertConfig

    return Wav2Vec2BertConfig(
        hidden_size=config.width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.feed_forward,
        feature_projection_input_dim=WIDTH,
        conv_depthwise_kernel_size=config.kernel,
        position_embeddings_type="rotary",
        hidden_dropout=config.dropout,
        conformer_conv_dropout=config.dropout,
        # Drawing noise for these two takes as long as all the rest of an update.
        activation_dropout=0.0,
        attention_dropout=0.0,
        feat_proj_dropout=0.0,
        layerdrop=0.0,
        add_adapter=False,
        # Not zero, so that the model has a vector for masked steps; masks are always given.
        mask_time_prob=0.05,
    )


def first_predictor(config: TwinConfig, classes: int) -> MaskedPredictor:
    """Return the predictor before training.

    The trunk is what random weights of this seed are everywhere in `grounding`; the head is drawn
    from the same seed. torch's own generator is left as it was.
    """
    trunk = initial_trunk(trunk_config(config), config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return MaskedPredictor(trunk, torch.nn.Linear(config.width, classes))
