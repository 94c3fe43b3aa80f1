"""The HTTP gateway under load, with the broker restarted in between: `python -m tests.bench.gateway`.

Clients send at a constant rate, each message a request of its own, and ask again with the same idempotency key when the
answer is not 202. At the end every accepted message has to be in the topic exactly once, by its id.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import aiohttp

from stream_app.contracts import encode
from stream_app.dev.kafka import Kafka
from stream_app.events import Features
from stream_app.feeds.virtual import Knobs, matches
from stream_app.gateway.tokens import new_token
from stream_app.message_headers import MESSAGE_ID
from stream_app.topics import FEATURES
from tests.support import programs, topics
from tests.support.waiting import until

ATTEMPTS = 40
RETRY_S = 0.5
START_S = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Times are in milliseconds, from the first try of a message to its answer 202.

    `refused` are answers other than 202, after which a client asked again; `unanswered` are connections that broke.
    `lost` and `doubled` count accepted ids that are in the topic not at all, or more than once.
    """

    messages: int
    accepted: int
    refused: int
    unanswered: int
    in_topic: int
    lost: int
    doubled: int
    seconds: float
    requests_a_second: float
    p50_ms: float
    p99_ms: float
    p50_quiet_ms: float
    p99_quiet_ms: float


class Load:
    """Sends messages to a gateway at a constant rate."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/v1/features"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.accepted: list[str] = []
        self.times: list[tuple[float, float]] = []
        self.answers: Counter[int | str] = Counter()

    async def run(self, messages: int, rate: float) -> None:
        """Send `messages` different messages, `rate` a second, whatever the answers."""
        begin = time.monotonic()
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=self._headers) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for number, value in enumerate(islice(values(), messages)):
                if (early := begin + number / rate - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                tasks.create_task(self._send(session, f"key-{number}", value, begin))

    async def _send(self, session: aiohttp.ClientSession, key: str, value: bytes, begin: float) -> None:
        first = time.monotonic()
        for _ in range(ATTEMPTS):
            try:
                async with session.post(self._url, data=value, headers={"Idempotency-Key": key}) as answer:
                    self.answers[answer.status] += 1
                    if answer.status == 202:
                        self.accepted.append((await answer.json())["id"])
                        self.times.append((first - begin, time.monotonic() - first))
                        return
            except aiohttp.ClientError:
                self.answers["broken"] += 1
            await asyncio.sleep(RETRY_S)


def values() -> Iterator[bytes]:
    """Different features, without an end to speak of."""
    knobs = Knobs(leagues=20, teams=20, rounds=10_000)
    return (encode(event) for event in matches(knobs) if isinstance(event, Features))


async def measure(folder: Path, *, rate: float, seconds: float, restart: bool = True) -> Outcome:
    """Run the gateway on a broker in `folder`; with `restart`, that broker stops and starts in the middle."""
    broker = Kafka(folder / "kafka")
    await asyncio.to_thread(broker.start)
    try:
        await topics.create_all(broker.bootstrap)
        token, setting = new_token("bench")
        env = programs.environment(kafka=broker.bootstrap, gateway_tokens=setting, gateway_messages_per_s=100_000)
        with programs.running("gateway", "--port", "0", "--json", cwd=folder, env=env) as child:
            await until(lambda: "address" in child.log.read_text(encoding="utf-8"), "the gateway is up", START_S)
            load = Load(json.loads(child.log.read_text(encoding="utf-8").splitlines()[0])["address"], token)
            messages = int(rate * seconds)
            begin = time.monotonic()
            sending = asyncio.create_task(load.run(messages, rate))
            quiet_s = seconds
            if restart:
                await asyncio.sleep(seconds / 2)
                quiet_s = time.monotonic() - begin - 1.0
                await asyncio.to_thread(broker.stop)
                await asyncio.to_thread(broker.start)
            await sending
            took = time.monotonic() - begin
        found: Counter[str] = Counter()
        for record in await topics.read_all(broker.bootstrap, FEATURES):
            found[dict(record.headers)[MESSAGE_ID].decode()] += 1
    finally:
        await asyncio.to_thread(broker.stop)
    quiet = [times for begun, times in load.times if begun < quiet_s]
    return Outcome(
        messages=messages,
        accepted=len(load.accepted),
        refused=sum(count for status, count in load.answers.items() if status not in (202, "broken")),
        unanswered=load.answers["broken"],
        in_topic=sum(found.values()),
        lost=sum(name not in found for name in load.accepted),
        doubled=sum(count > 1 for count in found.values()),
        seconds=round(took, 2),
        requests_a_second=round(load.answers.total() / took, 1),
        p50_ms=_percentile([time for _, time in load.times], 0.50),
        p99_ms=_percentile([time for _, time in load.times], 0.99),
        p50_quiet_ms=_percentile(quiet, 0.50),
        p99_quiet_ms=_percentile(quiet, 0.99),
    )


def _percentile(times: list[float], share: float) -> float:
    """In milliseconds; 0 of nothing."""
    return round(sorted(times)[int(share * (len(times) - 1))] * 1000, 1) if times else 0.0


def main() -> None:
    """Print the outcome as JSON; exit with 1 when a message was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--no-restart", action="store_true", help="leave the broker alone")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stream-app-bench-") as folder:
        outcome = asyncio.run(
            measure(Path(folder), rate=chosen.rate, seconds=chosen.seconds, restart=not chosen.no_restart)
        )
    print(json.dumps(asdict(outcome), indent=2))
    if outcome.lost or outcome.doubled or outcome.accepted != outcome.messages:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
