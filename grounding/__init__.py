"""Does a model hold the physics of how a vocal tract makes sound, or how words relate?

Start at `grounding.stimuli.read_stimuli`, or at the command `grounding run`.
"""

__version__ = "0.1.0"
