from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import InvalidInput
from stream_app.notify.rules import Rules, rules_of
from tests.notify.made import notice

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)


def made(
    least: str = "info",
    kinds: str = "",
    competitions: str = "",
    quiet: str = "",
    zone: str = "UTC",
    digest_s: float = 0.0,
) -> Rules:
    assert least in ("info", "warning", "critical")
    return rules_of(
        least=least,  # type: ignore[arg-type]  # one of them
        kinds=kinds,
        competitions=competitions,
        quiet=quiet,
        quiet_zone=zone,
        digest_s=digest_s,
    )


def test_without_rules_everything_is_told_at_once() -> None:
    assert made().wants(notice())
    assert not made().holds(notice(), NIGHT)


def test_notices_are_chosen_by_severity_kind_and_competition() -> None:
    warning, critical = notice(), notice(severity="critical")
    assert [made(least="critical").wants(one) for one in (warning, critical)] == [False, True]
    assert [made(least="warning").wants(one) for one in (warning, critical)] == [True, True]
    assert [made(kinds="drift, calibration").wants(notice(kind=kind)) for kind in ("decay", "drift")] == [False, True]
    assert [made(competitions="BUNDES,cup").wants(notice(competition=name)) for name in ("bundesliga", "Serie A")] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(21, 59, False), (22, 0, True), (3, 0, True), (6, 59, True), (7, 0, False)]
)
def test_quiet_hours_go_over_midnight(hour: int, minute: int, quiet: bool) -> None:
    now = datetime(2026, 11, 25, hour, minute, tzinfo=UTC)
    assert made(quiet="22:00-07:00").holds(notice(), now) is quiet


def test_quiet_hours_are_those_of_their_zone() -> None:
    # 21:30 in UTC is half past ten at night in Berlin.
    now = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
    assert made(quiet="22:00-07:00", zone="Europe/Berlin").holds(notice(), now)
    assert not made(quiet="22:00-07:00").holds(notice(), now)


def test_what_is_critical_waits_for_nothing() -> None:
    rules = made(quiet="22:00-07:00", digest_s=3_600.0)
    assert not rules.holds(notice(severity="critical"), NIGHT)
    assert rules.holds(notice(), NIGHT)


def test_a_digest_is_due_after_its_time_and_not_in_quiet_hours() -> None:
    rules = made(quiet="22:00-07:00", digest_s=3_600.0)
    assert not rules.due(NOON, NOON + timedelta(minutes=59))
    assert rules.due(NOON, NOON + timedelta(minutes=60))
    assert not rules.due(NOON, NIGHT)
    assert rules.due(NOON, NIGHT + timedelta(hours=8))


@given(
    st.datetimes(NOON.replace(tzinfo=None), timezones=st.just(UTC)),
    st.sampled_from(["01:00-05:00", "22:00-07:00"]),
)
def test_quiet_hours_end_within_a_day_and_then_it_is_no_longer_quiet(now: datetime, hours: str) -> None:
    quiet = made(quiet=hours, zone="Europe/Berlin").quiet
    assert quiet is not None
    ends = quiet.ends(now)
    if ends is not None:
        assert now < ends <= now + timedelta(hours=24)
        assert quiet.ends(ends) is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kinds": "decay,weather"}, "no kind 'weather'"),
        ({"quiet": "22"}, "wanted HH:MM-HH:MM"),
        ({"quiet": "22:00-25:00"}, "wanted HH:MM-HH:MM"),
        ({"quiet": "22:00-07:00", "zone": "Atlantis/Centre"}, "wanted a time zone"),
    ],
)
def test_a_wrong_rule_is_named(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        made(**wrong)  # type: ignore[arg-type]  # texts all of them
