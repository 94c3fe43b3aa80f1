"""Who is told what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stream_app.errors import InvalidInput
from stream_app.notify.notice import KINDS, SEVERITIES, Notice, NoticeSeverity


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of each day, by the clock of `zone`, in which only what is critical is told. May go over midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def ends(self, now: datetime) -> datetime | None:
        """When the quiet hours end that `now` lies in; None when it lies in none."""
        here = now.astimezone(self.zone)
        clock = here.time()
        if self.start <= self.end:
            quiet, tomorrow = self.start <= clock < self.end, False
        else:
            quiet, tomorrow = clock >= self.start or clock < self.end, clock >= self.start
        if not quiet:
            return None
        day = here.date() + timedelta(days=1) if tomorrow else here.date()
        return datetime.combine(day, self.end, self.zone)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which notices are told, and which of them can wait.

    Attributes
    ----------
    least
        The least severity that is told.
    kinds
        Kinds that are told; empty for all.
    competitions
        Words of which the competition's name has one; empty for all.
    digest_s
        Seconds for which notices that are not critical are gathered into one; 0 for not at all.
    """

    least: NoticeSeverity = "info"
    kinds: frozenset[str] = frozenset()
    competitions: tuple[str, ...] = ()
    quiet: QuietHours | None = None
    digest_s: float = 0.0

    def wants(self, notice: Notice) -> bool:
        """Whether `notice` is told at all."""
        if SEVERITIES.index(notice.severity) < SEVERITIES.index(self.least):
            return False
        if self.kinds and notice.kind not in self.kinds:
            return False
        name = notice.competition.casefold()
        return not self.competitions or any(word in name for word in self.competitions)

    def holds(self, notice: Notice, now: datetime) -> bool:
        """Whether `notice` waits for company, or for the end of the quiet hours."""
        return notice.severity != "critical" and (self.digest_s > 0.0 or self._quiet_until(now) is not None)

    def due(self, since: datetime, now: datetime) -> bool:
        """Whether what has been held back since then is told now."""
        return self._quiet_until(now) is None and (now - since).total_seconds() >= self.digest_s

    def _quiet_until(self, now: datetime) -> datetime | None:
        return None if self.quiet is None else self.quiet.ends(now)


def rules_of(
    *, least: NoticeSeverity, kinds: str, competitions: str, quiet: str, quiet_zone: str, digest_s: float
) -> Rules:
    """The rules that the settings of these names say.

    Raises
    ------
    InvalidInput
        A kind or a zone is not known, or the quiet hours are not `HH:MM-HH:MM`.
    """
    wanted = frozenset(_words(kinds))
    if unknown := sorted(wanted - set(KINDS)):
        raise InvalidInput(
            f"STREAM_APP_NOTIFY_KINDS={kinds!r}: no kind {unknown[0]!r}; wanted some of {', '.join(KINDS)}"
        )
    words = tuple(word.casefold() for word in _words(competitions))
    return Rules(least, wanted, words, _quiet_hours(quiet, quiet_zone) if quiet else None, digest_s)


def _quiet_hours(text: str, zone: str) -> QuietHours:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise InvalidInput(f"STREAM_APP_NOTIFY_QUIET={text!r}: wanted HH:MM-HH:MM, such as 22:00-07:00") from None
    try:
        return QuietHours(start, end, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(
            f"STREAM_APP_NOTIFY_QUIET_ZONE={zone!r}: wanted a time zone, such as Europe/Berlin"
        ) from None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
