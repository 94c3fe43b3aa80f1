from __future__ import annotations

import itertools

import orjson
from hypothesis import given
from hypothesis import strategies as st

from stream_app.web.frame import Chart, Frame, what_changed, whole

ROWS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["<p>1</p>", "<p>2</p>"]))
VALUES = st.lists(st.tuples(st.floats(0, 9), st.one_of(st.none(), st.floats(0, 9))), max_size=6)
CHARTS = st.builds(
    lambda points, name: Chart([at for at, _ in points], {name: [value for _, value in points]}),
    VALUES,
    st.sampled_from(["one", "two"]),
)
FRAMES = st.builds(
    lambda one, two, chart, phase: Frame({"one": one, "two": two}, {"chart": chart}, {"phase": phase}),
    ROWS,
    ROWS,
    CHARTS,
    st.sampled_from(["live", "stale"]),
)


class Browser:
    """What a page's script does with messages, without a page."""

    def __init__(self) -> None:
        self.regions: dict[str, dict[str, str]] = {}
        self.charts: dict[str, tuple[list[int], dict[str, list[float | None]]]] = {}
        self.status: dict[str, str] = {}

    def take(self, message: bytes) -> None:
        patch = orjson.loads(message)
        for region in patch.get("regions", ()):
            held = self.regions.get(region["id"], {})
            self.regions[region["id"]] = {row: region["rows"].get(row, held.get(row)) for row in region["order"]}
        for chart in patch.get("charts", ()):
            times, lines = self.charts.get(chart["id"], ([], {}))
            start = chart["from"]
            self.charts[chart["id"]] = (
                times[:start] + chart["times"],
                {name: lines.get(name, [])[:start] + values for name, values in chart["lines"].items()},
            )
        self.status = patch.get("status", self.status)

    def shows(self, frame: Frame) -> bool:
        return (
            [(name, list(rows.items())) for name, rows in self.regions.items()]
            == [(name, list(rows.items())) for name, rows in frame.regions.items()]
            and self.charts == {name: drawn(chart) for name, chart in frame.charts.items()}
            and self.status == frame.status
        )


def drawn(chart: Chart) -> tuple[list[int], dict[str, list[float | None]]]:
    """A chart to the second and to five decimals."""
    lines = {
        name: [None if value is None else round(value, 5) for value in values] for name, values in chart.lines.items()
    }
    return [round(time) for time in chart.times], lines


@given(st.lists(FRAMES, min_size=1, max_size=6))
def test_a_page_that_takes_every_change_shows_what_a_fresh_one_shows(frames: list[Frame]) -> None:
    browser = Browser()
    browser.take(whole(frames[0]))
    assert browser.shows(frames[0])
    for before, after in itertools.pairwise(frames):
        message = what_changed(before, after)
        if message is not None:
            browser.take(message)
        assert browser.shows(after)


@given(FRAMES)
def test_nothing_is_said_when_nothing_changed(frame: Frame) -> None:
    assert what_changed(frame, frame) is None


def test_only_rows_that_changed_are_sent() -> None:
    before = Frame({"list": {"a": "1", "b": "2"}}, {}, {})
    after = Frame({"list": {"c": "3", "a": "1", "b": "4"}}, {}, {})
    message = what_changed(before, after)
    assert message is not None
    assert orjson.loads(message) == {
        "regions": [{"id": "list", "order": ["c", "a", "b"], "rows": {"c": "3", "b": "4"}}]
    }


def test_rows_that_only_trade_places_are_not_sent_again() -> None:
    message = what_changed(Frame({"list": {"a": "1", "b": "2"}}, {}, {}), Frame({"list": {"b": "2", "a": "1"}}, {}, {}))
    assert message is not None
    assert orjson.loads(message)["regions"] == [{"id": "list", "order": ["b", "a"], "rows": {}}]


def test_a_chart_that_grows_sends_its_new_points_only() -> None:
    before = Frame({}, {"loss": Chart([1.0, 2.0, 3.0], {"m": [0.5, 0.6, 0.7]})}, {})
    after = Frame({}, {"loss": Chart([1.0, 2.0, 4.0, 5.2], {"m": [0.5, 0.6, 0.8, 0.912345678]})}, {})
    message = what_changed(before, after)
    assert message is not None
    assert orjson.loads(message)["charts"] == [
        {"id": "loss", "from": 2, "times": [4, 5], "lines": {"m": [0.8, 0.91235]}}
    ]
