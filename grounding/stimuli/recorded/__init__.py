"""Recordings of people, from public packages: what scripts that make such a set share."""
