"""Measures what docs/performance.md says, and writes it: `python -m tests.bench.performance [--only NAME] [--write]`.

Real broker, real workers, all models, everything on this machine, which should have nothing else to do. Figures are
kept in `performance.json`; a piece that is measured alone replaces its own ones there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import capacity, guarantee_flow, residence
from tests.bench.ground import ground
from tests.support.programs import ROOT

FILE = Path(__file__).with_name("performance.json")
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MATCHES_A_SECOND = 200.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. With a `goal`, more is better when `at_least`, else less."""

    name: str
    what: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    more: str = ""

    @property
    def holds(self) -> bool:
        """Whether the goal is reached; without one it is."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def throughput() -> list[Figure]:
    """One worker, two workers and the leagues alone, all on the same backlog."""
    alone = capacity.core()
    with ground() as place:
        one = asyncio.run(capacity.of_workers(place, 1))
    with ground() as place:
        two = asyncio.run(capacity.of_workers(place, 2))
    one_matches, two_matches = one.messages_per_s / 2, two.messages_per_s / 2
    share, more = one_matches / alone, f"{one_matches:,.0f} of {alone:,.0f} matches/s"
    return [
        Figure("core", "the leagues alone, on one core", alone, "matches/s"),
        Figure("one_worker", "one worker on a core, the broker on another", one_matches, "matches/s"),
        Figure("worker_ms", "processor's time of a worker for a match", 2 * one.message_s * 1e3, "ms"),
        Figure("two_workers", "two workers, the broker on the same two cores", two_matches, "matches/s"),
        Figure("share_of_core", "one worker / the leagues alone", share, "", 0.6, True, more),
        Figure("two_of_one", "two workers / one", two_matches / one_matches, "", 1.6, True),
    ]


def naive() -> list[Figure]:
    """The plain application, beside one worker."""
    with ground() as place:
        one = asyncio.run(capacity.of_workers(place, 1))
    with ground() as place:
        plain = asyncio.run(capacity.of_naive(place))
    ratio = one.messages_per_s / plain.messages_per_s
    more = f"{one.messages_per_s / 2:,.0f} and {plain.messages_per_s / 2:,.0f} matches/s"
    return [Figure("of_naive", "one worker / a plain Faust application", ratio, "", 3.0, True, more)]


def latency() -> list[Figure]:
    """From features to the prediction at a reader's."""
    p50, p99 = guarantee_flow.latency(2 * MATCHES_A_SECOND)
    what = f"features sent to prediction read at {MATCHES_A_SECOND:.0f} matches/s"
    return [
        Figure("latency_p50", f"{what}, median", p50.median, "ms", 10.0, more=str(p50)),
        Figure("latency_p99", f"{what}, 99th percentile", p99.median, "ms", 30.0, more=str(p99)),
    ]


def thousand() -> list[Figure]:
    """A worker with a thousand competitions."""
    with ground() as place:
        base_mb = asyncio.run(residence.of_nothing(place))
    with ground() as place:
        it = asyncio.run(residence.of_worker(place, base_mb))
    many = f"{residence.COMPETITIONS:,} competitions, {residence.MATCHES:,} matches each"
    leagues = (it.active_mb - it.base_mb) / residence.COMPETITIONS
    return [
        Figure("recovery", f"start to ready with {many}", it.ready_s, "s", 10.0, more=f"{it.snapshot_kb:.0f} kB each"),
        Figure("base_mb", "memory of a worker without any", it.base_mb, "MB"),
        Figure("idle_mb", f"memory of a worker with {many}, none at work", it.idle_mb, "MB", 600.0),
        Figure("active_mb", "the same when all have had a match", it.active_mb, "MB", 600.0),
        Figure("league_mb", "memory of a league at work", leagues, "MB"),
        Figure("snapshot_kb", "a snapshot, compressed", it.snapshot_kb, "kB"),
        Figure("freeze_ms", "processor's time to write one", it.freeze_ms, "ms"),
        Figure("thaw_ms", "processor's time to read one", it.thaw_ms, "ms"),
    ]


MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {it.__name__: it for it in (throughput, naive, latency, thousand)}


def main() -> None:
    """Measure, print, keep, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", choices=MEASUREMENTS, action="append", help="measure this; may be given several times"
    )
    parser.add_argument("--keep", action="store_true", help=f"keep the figures in {FILE.name}")
    parser.add_argument("--write", action="store_true", help="keep the figures, and write them into the page")
    arguments = parser.parse_args()
    # Workers are killed at the end; what clients say of that is no news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    for name in arguments.only or MEASUREMENTS:
        figures = MEASUREMENTS[name]()
        for figure in figures:
            print(_line(figure), flush=True)
        kept[name] = {
            "machine": machine(),
            "at": f"{datetime.now(UTC):%Y-%m-%d}",
            "figures": list(map(asdict, figures)),
        }
    if arguments.keep or arguments.write:
        FILE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if arguments.write:
        put_between(PAGE, BEGIN, END, table(kept))


def put_between(page: Path, begin: str, end: str, text: str) -> None:
    """Put `text` between two marks of `page`. ValueError when they are not there."""
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{page}: wanted {begin} and {end}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def table(kept: dict[str, Any]) -> str:
    """The figures as a table in Markdown, below it where they were measured."""
    lines = ["| figure | measured | goal | |", "|---|---|---|---|"]
    for piece in kept.values():
        for figure in (Figure(**fields) for fields in piece["figures"]):
            sign = "≥" if figure.at_least else "≤"
            goal = "" if figure.goal is None else f"{sign} {figure.goal:g} {figure.unit}".strip()
            verdict = "" if figure.goal is None else "holds" if figure.holds else "**does not hold**"
            more = f" ({figure.more})" if figure.more else ""
            lines.append(f"| {figure.what} | {written(figure)}{more} | {goal} | {verdict} |")
    machines = sorted({f"{piece['machine']}, {piece['at']}" for piece in kept.values()})
    return "\n".join([*lines, "", *(f"Measured on {name}." for name in machines)])


def written(figure: Figure) -> str:
    """The value with its unit, with as many digits as it is worth."""
    digits = 0 if figure.value >= 100 else 1 if figure.value >= 10 else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".strip()


def machine() -> str:
    """Processor, cores and Python of this machine."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"


def _line(figure: Figure) -> str:
    goal = "" if figure.goal is None else f"goal {figure.goal:g}: {'holds' if figure.holds else 'MISSED'}"
    return f"{figure.what:<70} {written(figure):>18}  {goal} {figure.more}"


if __name__ == "__main__":
    main()
