"""The reliability diagram of a back-test, as a picture."""

from __future__ import annotations

from pathlib import Path

from stream_app.errors import InvalidInput
from stream_app.feeds.backtest import Report

try:
    from matplotlib.figure import Figure
except ModuleNotFoundError as missing:
    raise InvalidInput(
        f"diagrams need the package {missing.name!r}, which is not installed: pip install 'stream-app[plot]'"
    ) from None


def reliability(report: Report, file: Path) -> None:
    """Draw what each model gave against what happened, after the burn-in, into the PNG file `file`.

    On the diagonal a model is calibrated; the size of a point tells how many forecasts it stands for.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    """
    figure = Figure(figsize=(7, 7), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--")
    for line in report.models():
        bins = line.after_burn_in.calibration.bins()
        forecasts = sum(found.n for found in bins)
        label = f"{line.model}: {line.after_burn_in.calibration.error():.4f}"
        [curve] = axes.plot(
            [found.forecast for found in bins], [found.observed for found in bins], linewidth=1, label=label
        )
        axes.scatter(
            [found.forecast for found in bins],
            [found.observed for found in bins],
            s=[5 + 200 * found.n / forecasts for found in bins],
            color=curve.get_color(),
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability given", ylabel="share that came true", aspect="equal")
    axes.legend(title="calibration error", loc="upper left")
    try:
        figure.savefig(file, dpi=150, format="png")
    except OSError as error:
        raise InvalidInput(f"--plot {file}: {error.strerror}; wanted a file that can be written") from None
