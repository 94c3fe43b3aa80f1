"""The predict agent: takes the features (and the configuration that comes before them) from the log."""

from __future__ import annotations

from faust.types import StreamT

from stream_app.agents.faust_edge import messages
from stream_app.agents.keeper import Keeper
from stream_app.contracts import Kind

KINDS: frozenset[Kind] = frozenset({"features", "configure"})


async def read(stream: StreamT[bytes], keeper: Keeper) -> None:
    """Offer every log entry of this agent's kinds to the barrier."""
    async for message in messages(stream):
        keeper.offer("predict", KINDS, message)
