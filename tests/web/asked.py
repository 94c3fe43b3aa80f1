"""Pages that are asked for, without a browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx

from stream_app.web.groups import Group, Member, TopicLag
from stream_app.web.health import Health, PartitionPlace

PAGES = (
    "/",
    "/competitions/bundesliga",
    "/competitions/bundesliga/matches/m1",
    "/models",
    "/competitions/bundesliga/models",
    "/alerts",
    "/system",
)


class Reading:
    """A reader that is where the test says."""

    def __init__(self) -> None:
        since = datetime(2024, 5, 18, 14, 30, tzinfo=UTC)
        member = Member("faust-1", "10.0.0.7", {"match-log": (0, 1), "match-results": (0, 1)})
        self.groups: tuple[Group, ...] = (Group("stream-app", "Stable", (member,), (TopicLag("match-log", 40, 2),)),)
        self.health = Health("live", since, places=(PartitionPlace("predictions", 0, 0, 7, 9),))


async def text_of(client: httpx.AsyncClient, address: str) -> str:
    """What a person reads on a page without JavaScript."""
    html = (await client.get(address)).text
    body = re.sub(r"<(svg|script|noscript).*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())
