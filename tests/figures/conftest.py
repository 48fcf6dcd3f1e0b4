"""Look into figures."""

from __future__ import annotations

import pytest


@pytest.fixture
def by_gid():
    """Return a function that finds what is drawn under a name, in the order of drawing."""

    def find(figure, gid):
        return [artist for artist in figure.findobj() if artist.get_gid() == gid]

    return find
