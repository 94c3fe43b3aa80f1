from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.contracts import encode
from stream_app.events import Evaluation, Prediction
from stream_app.topics import DEAD_LETTERS, EVALUATIONS, PREDICTIONS, SCOREBOARD
from stream_app.web import competition
from stream_app.web.competition import OPEN_MATCHES, SETTLED_MATCHES, CompetitionView
from stream_app.web.view import PAYLOAD_SHOWN, View
from tests import messages
from tests.web.made import HOUR, KICKOFF, Record, Shown, alert, board, evaluation, prediction, record


@pytest.fixture
def view() -> View:
    return View(window=100)


def only(view: View) -> CompetitionView:
    (competition,) = view.competitions
    return competition


def test_a_prediction_opens_a_match_and_its_evaluation_settles_it(view: View) -> None:
    assert view.apply(record(prediction())) == "bundesliga"
    (match,) = only(view).open_matches()
    assert (match.home, match.away, match.prediction) == ("Schalke 04", "1. FC Köln", prediction())
    assert view.apply(record(evaluation())) == "bundesliga"
    assert only(view).open_matches() == []
    assert only(view).settled_matches() == [match]
    assert match.evaluation == evaluation()


def test_the_same_message_again_changes_nothing(view: View) -> None:
    events = (prediction(), evaluation(), alert(), board())
    for event in events:
        assert view.apply(record(event)) == "bundesliga"
    for event in events:
        assert view.apply(record(event)) is None
    assert view.counts.repeated == len(events)
    assert (view.counts.predictions, view.counts.evaluations, view.counts.alerts) == (1, 1, 1)


def test_a_later_revision_takes_the_place_of_an_earlier_one(view: View) -> None:
    for revision in (1, 2):
        view.apply(record(prediction(revision=revision)))
    (match,) = only(view).open_matches()
    assert [it.revision for it in match.revisions] == [1, 2]
    assert match.prediction == prediction(revision=2)


def test_a_late_prediction_never_takes_the_place_of_the_sealed_one(view: View) -> None:
    view.apply(record(prediction()))
    view.apply(record(evaluation()))
    view.apply(record(prediction(revision=2, late=True)))
    (match,) = only(view).settled_matches()
    assert match.prediction == prediction()
    assert only(view).open_matches() == []


def test_a_postponed_match_is_open_again_once_it_is_predicted_anew(view: View) -> None:
    view.apply(record(prediction()))
    view.apply(record(evaluation(goals=None, status="void")))
    assert only(view).open_matches() == []
    view.apply(record(prediction(revision=2, kickoff=KICKOFF + timedelta(days=10))))
    (match,) = only(view).open_matches()
    assert match.kickoff == KICKOFF + timedelta(days=10)


def test_a_correction_is_the_last_word(view: View) -> None:
    view.apply(record(prediction()))
    view.apply(record(evaluation(goals=(2, 1))))
    view.apply(record(evaluation(goals=(1, 1), status="corrected", word=2)))
    (match,) = only(view).settled_matches()
    assert match.evaluation is not None
    assert match.evaluation.outcome == "D"
    assert len(match.evaluations) == 2


def test_an_older_scoreboard_that_lands_late_is_left_out(view: View) -> None:
    view.apply(record(board(200, as_of=KICKOFF)))
    assert view.apply(record(board(199, as_of=KICKOFF - HOUR))) is None
    assert view.apply(record(board(199, as_of=KICKOFF))) is None
    assert only(view).board == board(200, as_of=KICKOFF)


def test_a_newer_scoreboard_with_fewer_matches_counts_as_a_match_may_turn_void(view: View) -> None:
    view.apply(record(board(200, as_of=KICKOFF)))
    assert view.apply(record(board(199, as_of=KICKOFF + HOUR))) == "bundesliga"
    assert only(view).board == board(199, as_of=KICKOFF + HOUR)


def test_an_alert_is_open_until_it_is_resolved(view: View) -> None:
    view.apply(record(alert(1)))
    view.apply(record(alert(1, model="base_rate")))
    assert {it.model for it in only(view).open_alerts()} == {"elo_softmax", "base_rate"}
    view.apply(record(alert(2, state="resolved")))
    assert [it.model for it in only(view).open_alerts()] == ["base_rate"]
    assert len(only(view).alerts) == 3


def test_open_matches_come_by_kickoff(view: View) -> None:
    for number in (3, 1, 2):
        view.apply(record(prediction(f"m{number}", kickoff=KICKOFF + number * HOUR, as_of=KICKOFF)))
    assert [match.match_id for match in only(view).open_matches()] == ["m1", "m2", "m3"]


def test_what_is_held_of_a_competition_is_bounded(view: View) -> None:
    for number in range(1500):
        kickoff = KICKOFF + number * HOUR
        view.apply(record(prediction(f"open{number}", kickoff=kickoff + timedelta(days=365), as_of=kickoff)))
        view.apply(record(evaluation(f"m{number}", kickoff=kickoff)))
    competition = only(view)
    assert len(competition.open) == OPEN_MATCHES
    assert len(competition.settled) == SETTLED_MATCHES
    assert competition.settled_matches()[0].match_id == "m1499"
    assert view.counts.evaluations == 1500


def test_a_match_that_has_come_and_gone_before_its_prediction_is_read_does_not_look_open(view: View) -> None:
    for number in range(SETTLED_MATCHES + 1):
        view.apply(record(evaluation(f"m{number}")))
    view.apply(record(prediction("m0")))
    assert only(view).open_matches() == []


def test_a_match_long_past_without_a_result_is_not_called_open(view: View) -> None:
    view.apply(record(prediction("old")))
    view.apply(record(prediction("new", kickoff=KICKOFF + timedelta(days=90))))
    assert [match.match_id for match in only(view).open_matches()] == ["new"]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"not JSON",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"prediction_id": NaN}',
        encode(prediction()).replace(b"0.5", b'"NaN"'),
        encode(prediction()).replace(b'"revision":1', b'"revision":"1"'),
        b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_counted_and_left_out(view: View, value: bytes) -> None:
    assert view.apply(Record(PREDICTIONS, value)) is None
    assert view.counts.unreadable == 1
    assert view.competitions == []


def test_a_field_that_is_not_known_yet_does_no_harm(view: View) -> None:
    value = encode(prediction()).replace(b'{"prediction_id"', b'{"of_tomorrow":[1],"prediction_id"')
    assert view.apply(Record(PREDICTIONS, value)) == "bundesliga"


def test_a_deleted_key_is_nothing_to_show(view: View) -> None:
    assert view.apply(Record(SCOREBOARD, None)) is None


def test_a_dead_letter_tells_where_from_and_why_and_is_cut_short(view: View) -> None:
    headers = [
        ("topic", b"match-results"),
        ("partition", b"1"),
        ("offset", b"77"),
        ("error", b"home_goals -1: wanted 0"),
    ]
    letter = Record(DEAD_LETTERS, b"x" * 5_000_000, key=b"\xff", headers=headers)
    assert view.apply(letter) == ""
    (held,) = view.dead_letters
    assert (held.source, held.reason, held.size) == ("match-results:1:77", "home_goals -1: wanted 0", 5_000_000)
    assert len(held.beginning) == PAYLOAD_SHOWN


def test_a_dead_letter_without_headers_and_without_content_is_shown_too(view: View) -> None:
    view.apply(Record(DEAD_LETTERS, None, key=None))
    assert view.dead_letters[0].size == 0


def test_a_view_that_forgets_starts_again(view: View) -> None:
    view.apply(record(prediction()))
    view.forget()
    assert view.competitions == []
    assert view.apply(record(prediction())) == "bundesliga"


EVENTS = st.one_of(messages.predictions(), messages.evaluations(), messages.decay_alerts(), messages.scoreboards())


@given(st.lists(EVENTS))
def test_every_message_that_the_schemas_allow_is_taken(events: list[Shown]) -> None:
    view = View(window=100)
    changes = [view.apply(record(event)) for event in events]
    assert view.counts.unreadable == 0
    assert len(changes) - changes.count(None) == len(events) - view.counts.repeated
    assert {it.name for it in view.competitions} == {change for change in changes if change is not None}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_evaluation_may_be_read_before_or_after_its_predictions(view: View, place: int) -> None:
    events: list[Prediction | Evaluation] = [prediction(), prediction(revision=2)]
    events.insert(place, evaluation(revision=2))
    for event in events:
        view.apply(record(event))
    (match,) = only(view).settled_matches()
    assert only(view).open_matches() == []
    assert (match.prediction, match.evaluation) == (prediction(revision=2), evaluation(revision=2))


def test_an_evaluation_without_a_prediction_is_shown_too(view: View) -> None:
    assert view.apply(Record(EVALUATIONS, encode(evaluation("only")))) == "bundesliga"
    (match,) = only(view).settled_matches()
    assert match.prediction is None


def test_evidence_is_the_same_whichever_topic_is_read_first() -> None:
    views = []
    for shift in (0, 30):
        view = View(window=100)
        predictions = [prediction(f"m{number}") for number in range(60)]
        for place, made in enumerate(predictions):
            first, second = made.models
            if place < 20:
                predictions[place] = replace(made, models=(first, replace(second, status="blocked")))
        evaluations = [evaluation(f"m{number}") for number in range(60)]
        for number in range(60 + shift):
            if number < 60:
                view.apply(record(evaluations[number]))
            if number >= shift:
                view.apply(record(predictions[number - shift]))
        views.append(view)
    ahead, behind = (view.competition("bundesliga") for view in views)
    assert ahead is not None
    assert behind is not None
    assert ahead.lineup.trials()[0].points() == behind.lineup.trials()[0].points()
    assert ahead.lineup.trials()[0].points()[-1].matches == 40


def test_an_evaluation_whose_prediction_never_comes_counts_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(competition, "UNSEALED", 3)
    view = View(window=100)
    for number in range(5):
        view.apply(record(evaluation(f"m{number}")))
    held = view.competition("bundesliga")
    assert held is not None
    assert held.lineup.trials()[0].points()[-1].matches == 2
