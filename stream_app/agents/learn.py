"""The learn agent: takes results from the log, and what people ask of the models that learn from them."""

from __future__ import annotations

from faust.types import StreamT

from stream_app.agents.faust_edge import messages
from stream_app.agents.keeper import Keeper
from stream_app.contracts import Kind

KINDS: frozenset[Kind] = frozenset({"result", "command", "refusal"})


async def read(stream: StreamT[bytes], keeper: Keeper) -> None:
    """Offer every log entry of this agent's kinds to the barrier."""
    async for message in messages(stream):
        keeper.offer("learn", KINDS, message)
