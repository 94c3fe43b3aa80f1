"""The templates, with everything that they may call."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stream_app.web import present
from stream_app.web.recent import slug

FOLDER = Path(str(files("stream_app.web")))
STATIC = FOLDER / "static"

CHART_SCRIPT = "vendor/uplot/uPlot.iife.min.js"

NAVIGATION = (("/", "Now"), ("/models", "Models"), ("/alerts", "Alerts"), ("/log", "Log"), ("/system", "System"))


def environment(window: int, static: Path = STATIC) -> Environment:
    """The templates of pages and rows, which escape every value.

    Parameters
    ----------
    window
        Matches over which the rolling figures are taken, for headings.
    static
        Folder of scripts and style sheets. Without the chart script in it, pages say that charts are missing.
    """
    env = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    @cache
    def asset(name: str) -> str:
        # The digest in the address lets browsers keep a file for as long as it stays the same.
        digest = hashlib.sha256((static / name).read_bytes()).hexdigest()[:12]
        return f"/static/{name}?v={digest}"

    charts_available = (static / CHART_SCRIPT).is_file()
    env.globals |= {
        "asset": asset,
        "navigation": NAVIGATION,
        "charts_available": charts_available,
        "reference": present.REFERENCE,
        "window": window,
        "chart_note": "The chart comes with the first scored matches."
        if charts_available
        else "Charts are missing: the chart script is not installed. The figures are in the table.",
    }
    env.filters |= {
        "alert_name": present.alert_name,
        "chance": present.chance,
        "count": present.count,
        "ending_said": present.ending_said,
        "event_said": present.event_said,
        "figure": present.figure,
        "model": present.model_name,
        "nats": present.nats,
        "note": present.note,
        "odds": present.odds,
        "percent": present.percent,
        "points": present.points,
        "query": present.query,
        "radius": present.radius,
        "said": present.said,
        "segment": present.segment,
        "signed": present.signed,
        "slug": slug,
        "status_said": present.status_said,
        "title_of": present.title_of,
        "when": present.when,
        "words": present.words,
    }
    return env
