"""The matched pair: one trunk, trained once on audio and once on its transcripts.

What is fed and what is told differ; all else is equal (README.md beside this file). `corpus.py`
says what an arm reads, `batches.py` which utterances and masks an update sees, `objective.py` what
is asked, `training.py` does it.
"""

from grounding.twins.config import ARMS, TwinConfig, read_arms

__all__ = ["ARMS", "TwinConfig", "read_arms"]
