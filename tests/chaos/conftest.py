from __future__ import annotations

import pytest

from tests.chaos.ideal import Ideal, ideal


@pytest.fixture(scope="session")
def made_service() -> Ideal:
    """A service that did everything right, not to be changed."""
    return ideal(piece_bytes=700_000)
