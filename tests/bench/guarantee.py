"""What the guarantee costs, and how soon the service is back: `python -m tests.bench.guarantee [--json] [--only NAME]`.

Real broker, real workers, everything on this machine. Each figure stands beside what it must be and what it is to be.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

from tests.bench import guarantee_deaths, guarantee_flow
from tests.bench.ground import SNAPSHOT_BYTES, ground

TIMES = 5
"""Repetitions of a death or a start, of which the median counts."""

COSTS_US = (120, 400)
MUST_SHARE = {120: (0.45, 0.6), 400: (0.65, 0.8)}
RATE = 200.0


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `more` says what it was made of. More is better where `must` is less than `aim`."""

    what: str
    unit: str
    figure: float
    must: float
    aim: float
    more: str

    @property
    def verdict(self) -> str:
        """How it stands."""
        sign = 1 if self.must < self.aim else -1
        if sign * self.figure >= sign * self.aim:
            return "aim"
        return "must" if sign * self.figure >= sign * self.must else "MISSED"


def restart() -> list[Row]:
    """A killed worker that comes back under its name."""
    with ground() as place:
        figures = asyncio.run(guarantee_deaths.restarts(place, TIMES))
    return [Row("SIGKILL to first new output, static member", "s", median(figures), 5.0, 2.5, _spread(figures))]


def takeover() -> list[Row]:
    """A killed worker that does not come back."""
    with ground() as place:
        figures = asyncio.run(guarantee_deaths.takeovers(place, TIMES - 2))
    return [Row("take-over by another worker after SIGKILL", "s", median(figures), 15.0, 8.0, _spread(figures))]


def recovery() -> list[Row]:
    """A worker that finds a thousand snapshots."""
    with ground() as place:
        figures, size = asyncio.run(guarantee_deaths.recoveries(place, 1_000, SNAPSHOT_BYTES, TIMES - 2))
    more = f"{_spread(figures)}; {size:.0f} kB each, from the start of the process"
    return [Row("recovery of 1,000 competitions", "s", median(figures), 10.0, 5.0, more)]


def history() -> list[Row]:
    """A worker that comes back after ten times the history."""
    with ground() as place:
        short, long = asyncio.run(guarantee_deaths.with_history(place, matches=60, growth=10, times=TIMES - 2))
    more = f"{median(short):.2f} s, then {median(long):.2f} s"
    return [Row("recovery after 10 times the history", "times", median(long) / median(short), 1.2, 1.0, more)]


def barrier() -> list[Row]:
    """Throughput beside the shortest loop that there is."""
    rows = []
    for cost in COSTS_US:
        speeds = {}
        for program in ("bare", "worker"):
            with ground() as place:
                speeds[program] = asyncio.run(guarantee_flow.throughput(place, [program, str(cost)]))
        must, aim = MUST_SHARE[cost]
        more = f"{speeds['worker']:,.0f} of {speeds['bare']:,.0f} events/s"
        rows.append(
            Row(f"throughput at {cost} us an event", "share", speeds["worker"] / speeds["bare"], must, aim, more)
        )
    return rows


def latency() -> list[Row]:
    """From features to the prediction at a reader's."""
    p50, p99 = guarantee_flow.latency(RATE)
    what = f"features sent to prediction read at {RATE:.0f} events/s"
    return [
        Row(f"{what}, p50", "ms", p50.median, 25.0, 10.0, str(p50)),
        Row(f"{what}, p99", "ms", p99.median, 80.0, 30.0, str(p99)),
    ]


MEASUREMENTS: dict[str, Callable[[], list[Row]]] = {
    measurement.__name__: measurement for measurement in (restart, takeover, recovery, history, barrier, latency)
}


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--only", choices=MEASUREMENTS, action="append", help="measure this; may be given several times"
    )
    arguments = parser.parse_args()
    # Workers are killed on purpose; what clients say of that is no news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    rows: list[Row] = []
    for name in arguments.only or MEASUREMENTS:
        measured = MEASUREMENTS[name]()
        rows += measured
        for row in measured if not arguments.json else []:
            print(
                f"{row.what:<54} {row.figure:>7.2f} {row.unit:<6} must {row.must:g}, aim {row.aim:g}: {row.verdict:<7}"
                f" ({row.more})",
                flush=True,
            )
    if arguments.json:
        print(json.dumps([{**asdict(row), "verdict": row.verdict} for row in rows], indent=2))


def _spread(figures: list[float]) -> str:
    return f"{min(figures):.2f} to {max(figures):.2f} s in {len(figures)}"


if __name__ == "__main__":
    main()
