"""Probes: what can be read out of activations by a linear map, on stimuli that it never saw.

How data pass through is in the README beside this file.
"""
