"""`python -m tests.soak`: hours of steady traffic through the whole service, to see whether it leaks or loses anything.

A broker, PostgreSQL, two workers, the sink, the watch over the evidence and the live view with an open page run as
processes of their own. Virtual competitions, always the same ones, send matches at a steady rate. At the end

* the memory of each of the service's processes is flat: its median in the last quarter of the samples is at most 5 %
  above that in the second quarter;
* nothing is lost and nothing is there twice: there are as many different predictions and evaluations as matches were
  sent, in the topics, in the CSV files and in the database, and no record in the topics came twice;
* everybody has read everything, nothing was refused, and no process has ended.

Exits with 0 when all of that holds, else with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from time import strftime

import orjson

from stream_app.dev.signals import stopped_by_signals
from tests.soak.processes import running
from tests.soak.run import Plan, soak
from tests.soak.verdict import Soak


def main() -> int:
    """Run, report, and say by the exit code whether everything holds."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="minutes of traffic (default: %(default).0f)")
    parser.add_argument("--rate", type=float, default=60.0, help="matches a second (default: %(default).0f)")
    parser.add_argument("--competitions", type=int, default=8, help="how many there are (default: %(default)s)")
    parser.add_argument("--teams", type=int, default=16, help="teams of each, an even number (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the whole report as one line of JSON")
    arguments = parser.parse_args()
    plan = Plan(arguments.minutes, arguments.rate, arguments.competitions, arguments.teams)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    folder = Path(tempfile.mkdtemp(prefix="stream-app-soak-"))
    # The database's server runs as another user where root starts it.
    folder.chmod(0o755)
    try:
        with stopped_by_signals(), running(folder) as service:
            result = asyncio.run(soak(plan, service, _say))
    except KeyboardInterrupt:
        _say(f"stopped; what was there is in {folder}")
        return 130
    holds = not result.failures()
    if arguments.json:
        print(orjson.dumps(result.to_json()).decode())
    else:
        _report(plan, result)
    if holds:
        shutil.rmtree(folder)
    else:
        _say(f"the broker's data and the logs of all processes are kept in {folder}")
    return 0 if holds else 1


def _report(plan: Plan, result: Soak) -> None:
    print(f"{plan.minutes:g} minutes, {plan.rate:g} matches/s, {len(result.samples)} samples")
    print(f"{'MiB, medians':<14}{'2nd quarter':>12}{'last':>8}{'growth':>9}")
    for name, memory in result.memory().items():
        told = "" if name in result.judged else "  not judged: it has a limit of its own"
        print(f"{name:<14}{memory.second:>12.1f}{memory.last:>8.1f}{memory.growth:>+9.1%}{told}")
    for place, kinds in result.found.items():
        print(f"{place:<14}{', '.join(f'{count:,} {kind}' for kind, count in kinds.items())}")
    for failure in result.failures():
        print(f"FAILED: {failure}")
    print(f"soak: {result.sent:,} matches, {'everything holds' if not result.failures() else 'not everything holds'}")


def _say(what: str) -> None:
    print(strftime("%H:%M:%S"), what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
