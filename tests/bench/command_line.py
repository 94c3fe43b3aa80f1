"""How long the command line takes: one match, a file of matches, a training, each with no service running.

Run it from the root of the project: python -m tests.bench.command_line [--repeats N] [--json]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from stream_app.feeds.datasets import bundesliga
from stream_app.settings import load
from stream_app.workbench import answers, sample
from stream_app.workbench.shelf import Shelf
from stream_app.workbench.table import Table, table_of

ROOT = Path(__file__).parents[2]
NUMBERS = ("7.5", "6.2", "8.0", "7.5", "0.5")
MODEL = "random_forest_v1"
"""The slowest of the algorithms, so the others are no slower."""

MANY, FEW = 10_000, 100
REPEATS = 5
WARM = 200


@dataclass(frozen=True)
class Line:
    """One figure in seconds of the clock and of the processor, which other work hardly changes, and what it may be."""

    what: str
    seconds: float
    processor: float
    must: float


def measure(repeats: int) -> list[Line]:
    """All figures, each the median of `repeats` runs."""
    with tempfile.TemporaryDirectory() as folder:
        file, many = Path(folder) / "few.csv", Path(folder) / "many.csv"
        found = list(sample.rows(bundesliga()))
        _write(sample.spread(found, FEW), file)
        _write(sample.spread(found, MANY), many)
        few, all_rows = (table_of(path.name, path.read_bytes()) for path in (file, many))
        shelf, config = Shelf(Path(folder) / "models", b"bench"), load().league_config("")
        ready = shelf.get(MODEL)
        values = answers.in_order(NUMBERS, ready.entry.features)

        def command(*arguments: str) -> Callable[[], object]:
            environment = os.environ | {"STREAM_APP_DATA_DIR": folder, "PYTHONPATH": str(ROOT)}
            call = [sys.executable, "-m", "stream_app", *arguments]
            return lambda: subprocess.run(call, cwd=folder, env=environment, check=True, capture_output=True)

        def ask_all(table: Table) -> Callable[[], object]:
            return lambda: [answers.ask(ready, row.values(sample.SAMPLE_FEATURES), config) for row in table.lines]

        one = "one prediction inside the process"
        return [
            _line(
                f"{one}, the model loaded first", lambda: answers.ask(shelf.get(MODEL), values, config), repeats, 0.1
            ),
            _line(f"{one}, warm", lambda: answers.ask(ready, values, config), WARM, 0.01),
            _line(f"{FEW} predictions inside the process", ask_all(few), repeats, 0.5),
            _line(f"{MANY:,} predictions inside the process", ask_all(all_rows), 1, 10.0),
            _line("predict, the whole command", command("predict", *NUMBERS, "--model-id", MODEL), repeats, 1.5),
            _line("train on 30 rows, the whole command", command("train", "--algorithm", "RandomForest"), repeats, 5.0),
            _line(f"batch of {FEW}, the whole command", command("batch", str(file), "--model-id", MODEL), repeats, 2.0),
            _line(f"batch of {MANY:,}, the whole command", command("batch", str(many), "--model-id", MODEL), 1, 10.0),
            _line("info, the whole command", command("info"), repeats, 2.0),
        ]


def _write(rows: list[sample.SampleRow], file: Path) -> None:
    text = io.StringIO()
    sample.write(rows, text)
    file.write_text(text.getvalue(), encoding="utf-8")


def _line(what: str, call: Callable[[], object], repeats: int, must: float) -> Line:
    clock, processor = [], []
    for _ in range(repeats):
        begun, used = time.perf_counter(), _processor()
        call()
        clock.append(time.perf_counter() - begun)
        processor.append(_processor() - used)
    return Line(what, median(clock), median(processor), must)


def _processor() -> float:
    """Seconds of the processor that this process and its children have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help="runs of each (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    lines = measure(chosen.repeats)
    if chosen.json:
        print(json.dumps([asdict(line) for line in lines], indent=2))
        return
    print(f"{'':56}{'ms':>10}{'processor':>11}{'must':>9}")
    for line in lines:
        print(f"{line.what:56}{line.seconds * 1e3:10.1f}{line.processor * 1e3:11.0f}{line.must * 1e3:9.0f}")


if __name__ == "__main__":
    main()
