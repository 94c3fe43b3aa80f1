"""`python -m tests.chaos`: one run of the harness."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from time import strftime

import orjson

from stream_app.dev.signals import run_until_signal
from tests.chaos.harness import run
from tests.chaos.result import MODELS, Plan, Run


def main() -> int:
    """Run, report, and say by the exit code whether everything holds."""
    arguments = _arguments()
    plan = Plan(
        kills=arguments.kills,
        seed=arguments.seed,
        rate=arguments.rate,
        competitions=arguments.competitions,
        models=arguments.models,
        away_s=arguments.away,
        patience=arguments.patience,
    )
    # The broker is stopped and killed on purpose; what clients say of that is no news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="stream-app-chaos-"))
    try:
        result = run_until_signal(run(plan, folder, _say))
    except KeyboardInterrupt:
        _say(f"stopped; what was there is in {folder}")
        return 130
    _report(result)
    if result.holds and not arguments.keep:
        shutil.rmtree(folder)
    else:
        print(f"the broker's data and the workers' logs are kept in {folder}")
    if arguments.json:
        print(orjson.dumps(result.to_json(), option=orjson.OPT_INDENT_2).decode())
    print(result.last_line())
    return 0 if result.holds else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Kill workers and broker under load, then check from the topics alone that every message has"
        " counted exactly once. The last line of the output sums it up, and so does the exit code.",
    )
    parser.add_argument("--kills", type=int, default=20, help="deaths and stops to inflict (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="decides what dies when (default: %(default)s)")
    parser.add_argument(
        "--rate",
        type=float,
        default=500.0,
        help="messages a second (default: %(default).0f; two processors that do much else as well may not be able to"
        " start killed workers again under it)",
    )
    parser.add_argument(
        "--away", type=float, default=60.0, help="seconds without any broker, at first (default: %(default).0f)"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        help="how many times as long everything may take as on a machine that does nothing else (default: %(default)s)",
    )
    parser.add_argument("--competitions", type=int, default=24, help="how many there are (default: %(default)s)")
    parser.add_argument("--models", default=MODELS, help="models that predict (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON before the last line")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a run in which everything held, too")
    return parser.parse_args()


def _report(result: Run) -> None:
    report = result.to_json()
    for name in ("kills_by_kind", "ends_of_their_own", "outputs", "repeats", "commands"):
        lines = report[name]
        assert isinstance(lines, dict)
        print(name.replace("_", " "))
        for what, times in lines.items():
            print(f"  {times:>7}  {what}")
    for name in (
        "restart_s",
        "takeover_s",
        "return_s",
        "snapshots_compared",
        "snapshots_torn",
        "commit_samples",
        "commits_moved_back",
        "seconds",
    ):
        print(f"{name.replace('_', ' ')}: {report[name]}")
    if result.unreached:
        print(f"fail points not reached in time: {', '.join(result.unreached)}")
    if result.stuck:
        print(f"STUCK: {result.stuck}")
    for category, told in result.verdict.findings.examples.items():
        for what in told:
            print(f"{category}: {what}")


def _say(what: str) -> None:
    print(strftime("%H:%M:%S"), what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
