"""Leagues that were saved, and what they say of a match between two teams."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from stream_app.durability.snapshot import SnapshotInfo, SnapshotRefused, freeze, inspect, thaw
from stream_app.errors import InvalidInput
from stream_app.events import Features, Importance, Prediction
from stream_app.feeds.datasets import slug
from stream_app.league import League

SUFFIX = ".league"
NO_LOG = -1
"""Stands where a snapshot names its place in the log: a back-test has none."""

SOON = timedelta(hours=1)
FIRST_MONTH = 7
"""Month in which a season of the northern year begins."""

ALIKE = 3


@dataclass(frozen=True, slots=True)
class Pairing:
    """A match to be asked about. What is None follows from how the competition stands: just after its last event, in
    its current season.
    """

    home: str
    away: str
    kickoff: datetime | None = None
    season: str | None = None
    neutral: bool = False
    importance: Importance = "competitive"
    features: Mapping[str, float] | None = None


class SavedLeagues:
    """Leagues as files in `folder`, signed with `key`."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    def save(self, league: League) -> Path:
        """Keep a league in the place of the one that is there of its competition; its file."""
        path = self.path(league.competition)
        blob = freeze(league, SnapshotInfo(league.competition, NO_LOG), self._key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            made = path.with_name(f"{path.name}.new")
            made.write_bytes(blob)
            made.replace(path)
        except OSError as error:
            raise InvalidInput(f"file {path}: {error.strerror}; wanted one that can be written") from None
        return path

    def load(self, competition: str) -> League:
        """The league of `competition`.

        Raises
        ------
        InvalidInput
            None was saved, or the file cannot be used.
        """
        path = self.path(competition)
        try:
            return as_league(thaw(path.read_bytes(), self._key), competition, str(path))
        except FileNotFoundError:
            known = ", ".join(self.names()) or "none"
            raise InvalidInput(
                f"--competition {competition!r}: nothing saved of it (saved: {known}); wanted one that"
                " `stream-app backtest ... --save` has played, or a Kafka that has it"
            ) from None
        except SnapshotRefused as refused:
            raise InvalidInput(f"{path}: {refused}; run the back-test with --save again") from None

    def names(self) -> list[str]:
        """The competitions of which a usable league was saved, sorted."""
        found = []
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                found.append(inspect(path.read_bytes(), self._key).competition)
            except SnapshotRefused:
                # What cannot be used is told to who asks for it by name.
                continue
        return sorted(found)

    def path(self, competition: str) -> Path:
        """Where the league of `competition` is kept; two competitions never share a file."""
        unique = hashlib.sha256(competition.encode()).hexdigest()[:8]
        return self.folder / f"{slug(competition) or 'league'}-{unique}{SUFFIX}"


def as_league(state: object, competition: str, source: str) -> League:
    """`state` as a league of `competition`. Raises InvalidInput when it is something else."""
    if not isinstance(state, League) or state.competition != competition:
        raise InvalidInput(f"{source}: holds something else; wanted the league of {competition!r}")
    return state


def ask_league(league: League, pairing: Pairing, match_id: str | None, *, new_teams: bool = False) -> Prediction:
    """What the models of `league` say of a match. The league counts it as open from then on, so ask a copy.

    Raises
    ------
    InvalidInput
        A team is unknown there (unless `new_teams`), a team plays itself, or nothing was ever learned.
    """
    latest = league.fixtures.latest
    if latest is None:
        raise InvalidInput(f"--competition {league.competition!r}: has seen no match; wanted one that has")
    if pairing.home == pairing.away:
        raise InvalidInput(f"--home and --away are both {pairing.home!r}: wanted two teams")
    if not new_teams:
        check_teams(league, pairing)
    kickoff = pairing.kickoff or latest + 2 * SOON
    features = Features(
        match_id=match_id or match_id_of(league.competition, kickoff, pairing),
        competition=league.competition,
        season=pairing.season or league.ratings.calendar.label,
        kickoff=kickoff,
        as_of=min(kickoff, max(latest, kickoff - SOON)),
        home=pairing.home,
        away=pairing.away,
        neutral=pairing.neutral,
        importance=pairing.importance,
        features=pairing.features or None,
    )
    for output in league.predict(features):
        if isinstance(output, Prediction):
            return output
    raise InvalidInput(
        f"--kickoff {kickoff.isoformat()}: too long before what {league.competition!r} has seen last"
        f" ({latest.isoformat()}); wanted a later one"
    )


def match_id_of(competition: str, kickoff: datetime, pairing: Pairing) -> str:
    """A name for a match that was given none: the same for whoever names it."""
    return f"{competition}:{kickoff:%Y%m%d}:{slug(pairing.home)}:{slug(pairing.away)}"


def live_features(competition: str, pairing: Pairing, match_id: str | None, now: datetime) -> Features:
    """The features of a match as they are sent to the service, as of `now`.

    A kickoff that is not given is an hour from now; a season that is not given is the one of the northern year, from
    July to June.

    Raises InvalidInput when the kickoff has passed.
    """
    kickoff = pairing.kickoff or now + SOON
    if kickoff < now:
        raise InvalidInput(f"--kickoff {kickoff.isoformat()}: has passed; wanted a time to come")
    first = kickoff.year - (kickoff.month < FIRST_MONTH)
    return Features(
        match_id=match_id or match_id_of(competition, kickoff, pairing),
        competition=competition,
        season=pairing.season or f"{first}-{(first + 1) % 100:02d}",
        kickoff=kickoff,
        as_of=now,
        home=pairing.home,
        away=pairing.away,
        neutral=pairing.neutral,
        importance=pairing.importance,
        features=pairing.features or None,
    )


def check_teams(league: League, pairing: Pairing) -> None:
    """Raises InvalidInput that names a team which the league does not know, and those that are alike."""
    known = sorted(league.ratings.calendar.last_played)
    for option, team in (("--home", pairing.home), ("--away", pairing.away)):
        if team not in known:
            alike = difflib.get_close_matches(team, known, ALIKE, 0.4) or known[:ALIKE]
            raise InvalidInput(
                f"{option} {team!r}: unknown in {league.competition!r}; wanted a team of it such as"
                f" {', '.join(map(repr, alike))}, or --new-teams for one that has never played there"
            )
