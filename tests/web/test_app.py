"""Pages, without a browser and without Kafka."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from stream_app.durability.checkpoint import Checkpoint
from stream_app.events import Expected, Probabilities, Reason, Voice
from stream_app.topics import CHECKPOINTS, DEAD_LETTERS
from stream_app.web import templating
from stream_app.web.app import create_app
from stream_app.web.health import Health
from stream_app.web.security import HEADERS
from stream_app.web.view import View
from tests.lifecycle.test_pooling import CONFIG, season
from tests.web.asked import PAGES, Reading, text_of
from tests.web.made import (
    CHANCES,
    HOUR,
    KICKOFF,
    Record,
    board,
    evaluation,
    model_event,
    operating,
    prediction,
    record,
    registry,
    version_line,
)

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("address", PAGES)
async def test_every_page_is_there_without_javascript(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.count("<h1") == 1


async def test_the_first_page_tells_scores_forecasts_results_and_alerts(client: httpx.AsyncClient) -> None:
    text = await text_of(client, "/")
    assert "Over the last 100 matches Elo softmax named the right outcome 54% of the time" in text
    assert "was 2.0% less surprised than the base rate" in text
    assert "Behind 2 of workers and sinks" in text
    assert "53.1%" in text
    assert "Schalke 04 – 1. FC Köln 19 May 1974, 14:30 UTC H 50% D 30% A 20% home win before kickoff" in text  # noqa: RUF001  as shown
    assert "Schalke 04 – 1. FC Köln 18 May 1974, 14:30 UTC 2–1 H 50% D 30% A 20% ✓ hit" in text  # noqa: RUF001  as shown
    assert "raised Elo softmax: decay, log loss" in text
    assert "Base rate: decay, log loss" not in text


async def test_a_match_tells_every_model_and_every_revision(client: httpx.AsyncClient, view: View) -> None:
    view.apply(record(prediction("m2", revision=2, kickoff=KICKOFF + 24 * HOUR)))
    text = await text_of(client, "/competitions/bundesliga/matches/m2")
    assert text.count("superseded") == text.count("holds") == 2
    assert "There is no result yet." in text


async def test_a_match_tells_what_goals_to_expect_where_the_prediction_does(
    client: httpx.AsyncClient, view: View
) -> None:
    text = await text_of(client, "/competitions/bundesliga/matches/m1")
    assert "Goals of Schalke 04 1.62 expected" in text
    assert "Three or more goals 51%" in text
    assert "1–1 12%" in text  # noqa: RUF001  as shown
    # Of 0-0: exp(-1.62 - 1.08) * (1 + 1.62 * 1.08 * 0.05); of 0-1: exp(-1.62 - 1.08) * 1.08 * (1 - 1.62 * 0.05).
    assert "goals 0 1 2 3 4 5 6+ 0 7.3% 6.7%" in text
    view.apply(record(replace(prediction("m3"), goals=None)))
    assert "1.62" not in await text_of(client, "/competitions/bundesliga/matches/m3")


async def test_a_match_tells_who_was_heard_and_why(client: httpx.AsyncClient, view: View) -> None:
    forecast, other = prediction("m2").models
    voices = (Voice("elo", 0.4, CHANCES), Voice("kalman", 0.6, Probabilities(0.52, 0.29, 0.19)))
    told = replace(forecast, members=voices, why=(Reason("elo_difference", "H", -0.031, "Elo: a weaker home side"),))
    view.apply(record(replace(prediction("m2", revision=2), models=(told, other))))
    text = await text_of(client, "/competitions/bundesliga/matches/m2")
    assert "Kalman in Elo softmax H 52% D 29% A 19% 60% Elo in Elo softmax H 50% D 30% A 20% 40%" in text
    assert "Elo softmax Elo: a weaker home side \N{MINUS SIGN}3.1%" in text


async def test_a_competition_tells_its_teams_its_runs_and_whether_chance_made_them(client: httpx.AsyncClient) -> None:
    text = await text_of(client, "/competitions/bundesliga")
    assert "1 Schalke 04 +61 34 winning 3 winning 6 2 1. FC Köln \N{MINUS SIGN}22 34 losing 9" in text
    assert "suspicious The outcomes of 198 matches against the champion's probabilities: p = 0.040" in text.replace(
        "&#39;", "'"
    )
    assert "runs 198 2.31 0.021 9.40 0.090" in text
    assert "then home win draw away win after a home win 57.0% 24.0% 19.0%" in text
    assert "home win 4 0.060 9 0.310 draw 0 \N{EN DASH} 3 0.600" in text
    assert (await client.get("/api/v1/analytics")).json()["items"][0]["randomness"]["verdict"] == "suspicious"


async def test_before_any_analytics_the_ratings_of_the_predictions_are_told() -> None:
    view = View(window=100)
    view.apply(record(prediction("m1")))
    app, _ = create_app(view, Reading(), operating(), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        assert "1 Schalke 04 +12" in await text_of(client, "/competitions/bundesliga")


async def test_the_scoreboard_tells_what_was_promised_and_how_each_model_is(
    client: httpx.AsyncClient, view: View
) -> None:
    first, second = board(201).models
    promised = replace(
        first,
        promised=Expected(100, 0.52, 0.97),
        ahead=Expected(9, 0.55, 0.95),
        health="watch",
        reason="its log loss has fallen",
    )
    view.apply(record(replace(board(201), models=(promised, second))))
    text = await text_of(client, "/competitions/bundesliga")
    assert "champion, version 1 watch 54% promised 52% 0.980 promised 0.970" in text
    assert "55% 0.950 of 9" in text
    assert 'title="its log loss has fallen"' in (await client.get("/competitions/bundesliga")).text


async def test_the_models_page_tells_who_is_champion_why_and_what_speaks_against_it(
    client: httpx.AsyncClient, view: View
) -> None:
    text = await text_of(client, "/competitions/bundesliga/models")
    assert "Elo softmax, version 1, is champion from the beginning: the first of the models (policy)" in text
    assert "Base rate version 1 in the place of Elo softmax, version 1 better beyond doubt (policy)" in text
    assert "Base rate version 1 worse this competition 412 \N{MINUS SIGN}0.0312" in text
    assert "Proposed 18 May 1974, 15:30 UTC Base rate, version 1" in text
    assert "off by" in text
    view.apply(record(registry(version_line(), version_line("base_rate", 2, "challenger", parent=1), hours=1)))
    text = await text_of(client, "/competitions/bundesliga/models")
    assert "Base rate version 2 running challenger reinforced out of version 1" in text
    assert "Proposals that wait" in text
    assert "better beyond doubt" not in text


async def test_a_refused_command_is_told_with_the_model_that_was_asked_for(
    client: httpx.AsyncClient, view: View
) -> None:
    view.apply(record(replace(model_event(2, "refused", model="wonder"), version=None, previous_model=None)))
    assert "Wonder ada: it has proven better" in await text_of(client, "/competitions/bundesliga/models")


async def test_evidence_of_all_competitions_together_is_told_with_a_word_and_its_bet() -> None:
    view = View(100, lambda _: CONFIG, 0.05)
    for name in ("league 0", "league 1"):
        view.apply(record(registry(version_line("old"), version_line("new", 1, "challenger"), competition=name)))
        for each in season(name, 40):
            view.apply(record(each))
    app, _ = create_app(view, Reading(), operating(), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        for address in ("/models", "/competitions/league%200/models"):
            assert "New against Old, all versions leaning better all competitions 76" in await text_of(client, address)
        (told,) = (await client.get("/api/v1/evidence")).json()["items"]
        (shown,) = (await client.get("/api/v1/competitions/league%200/models")).json()["together"]
        assert told == shown
        assert (told["leaning"], told["matches"], round(told["e_better"], 2)) == ("leaning better", 76, 4.0)


async def test_where_every_competition_decides_for_itself_nothing_is_told_of_all_together(
    client: httpx.AsyncClient,
) -> None:
    assert "all versions" not in await text_of(client, "/models")
    assert (await client.get("/api/v1/evidence")).json()["items"] == []


async def test_the_first_page_of_models_tells_every_champion(client: httpx.AsyncClient) -> None:
    text = await text_of(client, "/models")
    assert "Bundesliga Elo softmax version 1 the beginning policy: the first of the models 2 1" in text


async def test_the_models_are_there_as_json(client: httpx.AsyncClient) -> None:
    told = (await client.get("/api/v1/competitions/bundesliga/models")).json()
    assert told["registry"]["champion"]["model"] == "elo_softmax"
    assert told["trials"][0]["points"][-1]["matches"] == 1
    assert [held["model"] for held in told["reliability"]] == ["elo_softmax", "base_rate"]
    assert [event["kind"] for event in told["events"]] == ["proposed"]
    assert (await client.get("/api/v1/models")).json()["total"] == 1
    assert (await client.get("/api/v1/model-events?kind=proposed")).json()["total"] == 1
    assert (await client.get("/api/v1/model-events?kind=promoted")).json()["total"] == 0
    assert (await client.get("/api/v1/competitions/none/models")).status_code == 404
    ratings = (await client.get("/api/v1/competitions/bundesliga/ratings")).json()["items"]
    assert [(it["team"], it["ratings"]) for it in ratings] == [
        ("Schalke 04", [12.0, 12.0]),
        ("1. FC Köln", [-8.0, -8.0]),
    ]


async def test_a_forecast_that_may_go_either_way_is_marked(client: httpx.AsyncClient, view: View) -> None:
    forecast, other = prediction("m2").models
    doubtful = replace(
        prediction("m2", revision=2), models=(replace(forecast, status="uncertain", conflict=True), other)
    )
    view.apply(record(doubtful))
    assert "home win close call" in await text_of(client, "/competitions/bundesliga/matches/m2")
    view.apply(record(replace(prediction("m2", revision=3), models=(replace(forecast, status="blocked"), other))))
    assert "home win still learning" in await text_of(client, "/competitions/bundesliga/matches/m2")


async def test_alerts_tell_open_and_past_ones(client: httpx.AsyncClient) -> None:
    text = await text_of(client, "/alerts")
    assert text.count("raised Elo softmax: decay, log loss") == 2
    assert "resolved Base rate: decay, log loss" in text


async def test_the_system_page_tells_how_far_each_partition_is_read(client: httpx.AsyncClient, view: View) -> None:
    view.apply(Record(DEAD_LETTERS, b"<script>", headers=[("topic", b"match-results"), ("error", b"not JSON")]))
    text = await text_of(client, "/system")
    assert "predictions 1 9 2" in text
    assert "stream-app match-log 40 2 stable" in text
    assert "faust-1 stream-app 10.0.0.7 match-log 0, 1; match-results 0, 1" in text
    assert "match-results:?:?" in text
    assert "not JSON" in text


async def test_the_system_page_tells_of_the_last_checkpoints(client: httpx.AsyncClient, view: View) -> None:
    at = int(datetime(2024, 5, 18, 14, 30, tzinfo=UTC).timestamp() * 1000)
    for partition, place in ((1, 40), (0, 7), (1, 1041)):
        value = Checkpoint(place, {"bundesliga": place - 1}).to_bytes()
        view.apply(Record(CHECKPOINTS, value, partition=partition, timestamp=at))
    view.apply(Record(CHECKPOINTS, b"damaged"))
    text = await text_of(client, "/system")
    assert "0 7 1 18 May 2024, 14:30 UTC 1 1,041 1 18 May 2024, 14:30 UTC" in text
    checkpoints = (await client.get("/api/v1/status")).json()["checkpoints"]
    assert [(it["partition"], it["place"]) for it in checkpoints] == [(0, 7), (1, 1041)]


async def test_pages_that_hold_nothing_yet_say_so() -> None:
    app, _ = create_app(View(window=100), Reading(), operating(), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        text = await text_of(client, "/")
    for words in ("No competition has been seen yet.", "No prediction yet.", "No alert is open"):
        assert words in text


async def test_a_stale_view_says_so_and_why(client: httpx.AsyncClient, reading: Reading) -> None:
    reading.health = Health("stale", reading.health.since, "Kafka at k:9092 does not answer.")
    html = (await client.get("/")).text
    assert 'data-phase="stale"' in html
    assert "Kafka at k:9092 does not answer." in html


@pytest.mark.parametrize("address", ["/competitions/none", "/competitions/bundesliga/matches/none"])
async def test_what_is_not_held_is_not_found_and_says_where_to_go(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 404
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("address", [*PAGES, "/api/v1/predictions"])
async def test_names_are_shown_as_text_whatever_they_are(client: httpx.AsyncClient, view: View, address: str) -> None:
    quoting = '"><script>'
    view.apply(record(prediction("m1", home=HOSTILE, away=quoting)))
    view.apply(record(evaluation("m1", home=HOSTILE, away=quoting, word=2)))
    view.apply(record(prediction("m3", competition=HOSTILE, home=HOSTILE)))
    view.apply(Record(DEAD_LETTERS, HOSTILE.encode(), key=HOSTILE.encode(), headers=[("error", HOSTILE.encode())]))
    answer = await client.get(address)
    if answer.headers["content-type"].startswith("text/html"):
        assert "<img" not in answer.text
        assert quoting not in answer.text


async def test_a_competition_of_any_name_has_a_page(client: httpx.AsyncClient, view: View) -> None:
    view.apply(record(prediction("m9", competition=f"a/b ? {HOSTILE}")))
    html = (await client.get("/")).text
    (address,) = set(re.findall(r'href="(/competitions/a-b-[^"/]+)"', html))
    page = await client.get(address)
    assert page.status_code == 200
    (match,) = set(re.findall(r'href="(/competitions/a-b-[^"]+/matches/[^"]+)"', page.text))
    assert (await client.get(match)).status_code == 200
    assert (await client.get("/api/v1" + match)).json()["match_id"] == "m9"


@pytest.mark.parametrize("address", [*PAGES, "/nowhere", "/static/app.js", "/api/v1/status"])
async def test_every_answer_allows_this_servers_own_files_only(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("address", PAGES)
async def test_no_page_has_inline_script_or_style_or_asks_anybody_else(client: httpx.AsyncClient, address: str) -> None:
    html = (await client.get(address)).text
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', html)


async def test_without_the_chart_script_the_page_works_and_says_so(
    monkeypatch: pytest.MonkeyPatch, view: View, reading: Reading
) -> None:
    monkeypatch.setattr(templating, "CHART_SCRIPT", "vendor/not-there.js")
    app, _ = create_app(view, reading, operating(), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        html = (await client.get("/")).text
    assert "Charts are missing" in html
    assert "uPlot" not in html


@pytest.mark.parametrize("address", PAGES)
async def test_every_page_names_its_json_twin(client: httpx.AsyncClient, address: str) -> None:
    html = (await client.get(address)).text
    (twin,) = set(re.findall(r'href="(/api/v1/[^"]+)"', html))
    assert (await client.get(twin)).status_code == 200
