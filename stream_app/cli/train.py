"""`stream-app train`: learn a model from a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.desk import AsJson, NoLog

if TYPE_CHECKING:
    from stream_app.workbench.shelf import Shelved
    from stream_app.workbench.table import Table
    from stream_app.workbench.training import Trained

ALGORITHM = "KalmanSoftmax"
NUMBERS_SPELLED = 8


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("train")(train)


def train(
    algorithm: Annotated[
        str,
        typer.Option(
            help="KalmanSoftmax (a Bayesian logistic regression, the best one for a small table), LogisticRegression,"
            " RandomForest, NaiveBayes, Ensemble (the mean of those three) or BaseRate (looks at no number)."
        ),
    ] = ALGORITHM,
    model_id: Annotated[
        str | None,
        typer.Option(
            help="Name of the model; training it again makes its next version. Default: made of the algorithm's name,"
            " such as random_forest_v1.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="CSV file with a header, or JSON Lines; default: the sample of 30 matches.", show_default=False
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="Columns of numbers to learn from, comma-separated, in the order in which `predict` takes them."
            " Default: all columns but names, goals and outcome.",
            show_default=False,
        ),
    ] = None,
    outcome: Annotated[str, typer.Option(help="Column that holds H, D or A.")] = "outcome",
    folds: Annotated[int, typer.Option(min=0, help="Parts of a cross-validation on top, such as 5; 0 for none.")] = 0,
    register_in: Annotated[
        str | None,
        typer.Option(
            "--register",
            help="Competition of the running service in which the model is to work as a challenger, as"
            " `stream-app models register` brings it in; with --json a second object tells what became of it.",
            metavar="COMPETITION",
            show_default=False,
        ),
    ] = None,
    no_log: NoLog = False,
    as_json: AsJson = False,
) -> None:
    """Learn a model from a table of past matches, measure it, and keep it for `predict` and `batch`.

    The rows are learned in their order, and the model is asked of each row before it learns it: so the figures are
    those of a model that never saw what it was asked. They stand beside those of the running base rate, which a model
    has to beat. The model is saved as a signed file in the data folder (STREAM_APP_DATA_DIR), and the training becomes
    an event of the evaluation log. Works with no service running.

    Example: stream-app train --algorithm RandomForest --model-id custom_v1 --data matches.csv --folds 5
    """
    import time
    from datetime import UTC, datetime

    from stream_app.cli import desk
    from stream_app.errors import InvalidInput
    from stream_app.evaluation_log.own_events import training_row
    from stream_app.models.feature_models import ALGORITHMS
    from stream_app.settings import settings
    from stream_app.workbench import training
    from stream_app.workbench.shelf import check_name

    begun = time.perf_counter()
    configured = settings()
    if algorithm not in ALGORITHMS:
        raise InvalidInput(f"--algorithm {algorithm!r}: unknown; wanted {', '.join(ALGORITHMS)}")
    model_id = default_name(algorithm) if model_id is None else model_id
    check_name(model_id)
    table = _table(data)
    names = _names(features) if features else table.features(outcome)
    rows = training.examples(table, names, outcome)
    with desk.progress("learning", len(rows) * (1 + folds)) as advance:
        trained = training.train(algorithm, names, rows, folds=folds, advance=advance)
    now = datetime.now(UTC)
    entry = desk.shelf_of(configured).add(model_id, trained, table.file, now)
    event_id = kept_in = None
    if not no_log:
        row = training_row(
            model_id,
            competition=None,
            model_version=entry.version,
            metrics=trained.progressive.plain(),
            metadata={
                "algorithm": algorithm,
                "features": list(names),
                "rows": trained.rows,
                "source": table.file,
                "data_digest": entry.data_digest,
                "base_rate": trained.base_rate.plain(),
                "folds": [fold.plain() for fold in trained.folds],
            },
            now=now,
        )
        event_id, kept_in = row.event_id, desk.keep([row], configured)
    seconds = time.perf_counter() - begun
    path = configured.data_dir / desk.MODELS_FOLDER / entry.file
    if as_json:
        desk.print_json({**desk.plain(entry), "file": str(path), "event_id": event_id, "seconds": seconds})
    else:
        _print(entry, trained)
        _print_places(entry, path, event_id, kept_in, seconds)
    if register_in is not None:
        from stream_app.cli.models_asking import register_model

        why = f"trained on {entry.rows} rows of {entry.source}"
        register_model(register_in, model_id, why, artefact=path, as_json=as_json)


def _print_places(entry: Shelved, path: Path, event_id: str | None, kept_in: str | None, seconds: float) -> None:
    typer.echo(f"Saved as version {entry.version} of {entry.model} in {path}, after {seconds:.1f} s.")
    if kept_in:
        typer.echo(f"Event {event_id}, kept in {kept_in}.")
    wanted = len(entry.features)
    numbers = " ".join(["NUMBER"] * wanted) if wanted <= NUMBERS_SPELLED else f"({wanted} NUMBERs)"
    typer.echo(f"Ask it: stream-app predict {numbers} --model-id {entry.model}")


def default_name(algorithm: str) -> str:
    """The name of a model that is given none: `RandomForest` becomes `random_forest_v1`."""
    import re

    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", algorithm).lower() + "_v1"


def _table(data: Path | None) -> Table:
    from stream_app.workbench.sample import FILE, shipped
    from stream_app.workbench.table import read_table, table_of

    return table_of(FILE, shipped().read_bytes()) if data is None else read_table(data)


def _names(features: str) -> tuple[str, ...]:
    from stream_app.errors import InvalidInput

    names = tuple(name.strip() for name in features.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise InvalidInput(f"--features {features!r}: wanted names of columns, comma-separated, each once")
    return names


def _print(entry: Shelved, trained: Trained) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as Shown

    from stream_app.workbench.training import Quality, pooled

    def line(name: str, quality: Quality) -> None:
        figures = quality.figures
        shown.add_row(
            name,
            f"{figures.n:,}",
            f"{figures.log_loss:.4f}",
            f"{figures.rps:.4f}",
            f"{figures.brier:.4f}",
            f"{figures.accuracy:.1%}",
            f"{quality.calibration_error:.4f}",
            f"{quality.calibration_error_by_chance:.4f}",
        )

    title = f"{entry.algorithm} on {', '.join(entry.features)}"
    shown = Shown(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    shown.add_column("asked", no_wrap=True)
    for name in ("rows", "log loss", "RPS", "Brier", "right", "calib.", "chance"):
        shown.add_column(name, justify="right", no_wrap=True)
    line("before learning", trained.progressive)
    line("base rate", trained.base_rate)
    for number, fold in enumerate(trained.folds, start=1):
        line(f"fold {number}", fold)
    Console().print(shown)
    if trained.folds:
        mean, deviation = pooled(trained.folds, lambda fold: fold.figures.log_loss)
        typer.echo(f"Log loss over the folds: {mean:.4f}, with a standard deviation of {deviation:.4f}.")
    gain = trained.base_rate.figures.log_loss - trained.progressive.figures.log_loss
    if gain <= 0.0:
        typer.echo(f"It is no better than the base rate on these rows ({gain:+.4f} nats).")
