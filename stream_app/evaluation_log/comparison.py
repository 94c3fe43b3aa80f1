"""What the topics, the CSV files and the database say of each event, side by side, in bounded memory.

A scratch database of SQLite on the disk has one line an event; the sides are poured into it one after the other, in any
order of their own. What does not fit is told as a `Finding`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from stream_app.evaluation_log.findings import (
    Defect,
    Entry,
    Facts,
    Finding,
    Side,
    StoreName,
    Window,
    classified,
    uuid_bytes,
)
from stream_app.evaluation_log.store import TopicPartition

# With four times as much a million events are compared a tenth faster.
_CACHE_KIB = 16_384
_SCHEMA = """
pragma journal_mode = off;
pragma synchronous = off;
create table seen (
    id blob primary key, type text, time real, competition text, about blob, supersedes blob, kickoff real, match blob,
    topics_hash integer, topic text, partition integer, offset integer, conflicts integer not null default 0
) without rowid;
create table csv (
    id blob primary key, hash integer, intact integer, alien integer, lines integer not null default 1
) without rowid;
create table postgres (id blob primary key, hash integer, intact integer, alien integer) without rowid;
create table places (
    store text, topic text, partition integer, next_offset integer, primary key (store, topic, partition)
) without rowid;
create table settled (id blob primary key, lines integer not null) without rowid;
create table wrong (
    id blob, side text, defect text, proof text, repaired integer not null default 0, primary key (id, side, defect)
) without rowid;
create table results (match blob primary key, label text not null) without rowid;
"""

_ADD_TO: Mapping[StoreName, str] = {
    "csv": """
        insert into csv (id, hash, intact, alien) values (?, ?, ?, ?)
        on conflict (id) do update
        set hash = excluded.hash, intact = excluded.intact, alien = max(alien, excluded.alien), lines = lines + 1
    """,
    "postgres": "insert into postgres values (?, ?, ?, ?)",
}


class Comparison:
    """The sides of the log, side by side.

    Parameters
    ----------
    stores
        The stores that are compared.
    """

    def __init__(self, stores: Sequence[StoreName]) -> None:
        self._stores = stores
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._database.execute(f"pragma cache_size = -{_CACHE_KIB}")

    def close(self) -> None:
        """Throw the scratch database away."""
        self._database.close()

    def add_published(self, events: Iterable[tuple[object, ...]]) -> None:
        """Pour in events of the topics: their `Facts`, hash, topic, partition and offset."""
        self._add(
            """
            insert into seen values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
            on conflict (id) do update set conflicts = conflicts + (topics_hash <> excluded.topics_hash)
            """,
            events,
        )

    def add_kept(self, store: StoreName, events: Iterable[tuple[bytes, int, bool, bool]]) -> None:
        """Pour in events of a store: id, hash, and whether it is intact and alien, as in `Entry`."""
        self._add(_ADD_TO[store], events)

    def unknown(self, ids: Iterable[bytes]) -> set[bytes]:
        """Those of `ids` of which the facts are not known."""
        sql = "select 1 from seen where id = ?"
        return {id_ for id_ in ids if not self._database.execute(sql, (id_,)).fetchone()}

    def unknown_in(self, store: StoreName) -> list[bytes]:
        """The events of a store of which the facts are not known."""
        sql = f"select id from {store} where not exists (select 1 from seen where seen.id = {store}.id)"  # noqa: S608  one of two names
        return [id_ for (id_,) in self._database.execute(sql)]

    def claimed(self) -> set[bytes]:
        """Ids that only damaged lines of the CSV files have: they may be as wrong as the rest of those lines."""
        sql = """
            select id from csv
            where not intact
                and not exists (select 1 from seen where seen.id = csv.id)
                and not exists (select 1 from postgres where postgres.id = csv.id)
        """
        return {id_ for (id_,) in self._database.execute(sql)}

    def drop_claimed(self, ids: Iterable[bytes]) -> None:
        """Forget `ids`, which only damaged lines have."""
        self._database.executemany("delete from csv where id = ?", ((id_,) for id_ in ids))

    def add_facts(self, facts: Iterable[Facts]) -> None:
        """Pour in what events are about that only the stores know of."""
        self._add(
            "insert or ignore into seen (id, type, time, competition, about, supersedes, kickoff, match)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            facts,
        )

    def _add(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        self._database.execute("begin")
        self._database.executemany(sql, values)
        self._database.execute("commit")

    def add_results(self, results: Iterable[tuple[bytes, str]]) -> None:
        """Pour in matches that have a result: what `Facts.match` is for them, and how to name them."""
        self._database.executemany("insert or ignore into results values (?, ?)", results)

    def set_places(self, store: StoreName, places: Mapping[TopicPartition, int]) -> None:
        """`store` has read each partition up to the offset in `places`; what comes after it does not lack yet."""
        self._database.executemany(
            "insert or replace into places values (?, ?, ?, ?)", [(store, *tp, next_) for tp, next_ in places.items()]
        )

    def settle_events(self, repair: Mapping[str, Any]) -> None:
        """What an earlier repair, as it is written down in the log, has left in so many lines is no defect any more."""
        self._database.executemany(
            "insert into settled values (?, ?) on conflict (id) do update set lines = max(lines, excluded.lines)",
            ((uuid_bytes(id_), lines) for id_, lines in repair.get("lines", {}).items()),
        )

    def count(self, side: Side) -> int:
        """How many different events a side has."""
        table = "seen where topics_hash is not null" if side == "topics" else side
        (number,) = self._database.execute(f"select count(*) from {table}").fetchone()  # noqa: S608  one of three names
        return int(number)

    def behind(self, store: StoreName) -> int:
        """How many events of the topics a store has not read yet."""
        sql = f"""
            select count(*) from seen
            where topics_hash is not null and {_unread(store)}
                and not exists (select 1 from {store} where {store}.id = seen.id)
        """  # noqa: S608  names of this program
        (number,) = self._database.execute(sql).fetchone()
        return int(number)

    def findings(self, window: Window) -> Iterator[Finding]:
        """Everything in `window` that is wrong."""
        condition, values = window.condition()
        # Nearly all events are fine, and are found so without being looked at one by one.
        fine = " and ".join(f"{store}.hash = topics_hash and {store}.intact" for store in self._stores)
        sql = f"""
            select
                id, type, competition, topics_hash, conflicts, coalesce(csv.alien, 0) or coalesce(postgres.alien, 0),
                csv.hash, csv.intact, {_unread("csv")}, coalesce(csv.lines, 0),
                coalesce((select lines from settled where settled.id = seen.id), 1),
                postgres.hash, postgres.intact, {_unread("postgres")}
            from seen left join csv using (id) left join postgres using (id)
            where {condition} and not coalesce({fine} and csv.lines = 1 and not conflicts, false)
        """  # noqa: S608  names of this program
        for line in self._database.execute(sql, values):
            yield from classified(Entry._make(line), self._stores)
        yield from self._orphaned(condition, values)

    def mark(self, findings: Iterable[Finding]) -> None:
        """Remember `findings`, to be asked for by `wrong`."""
        self._database.executemany(
            "insert or ignore into wrong (id, side, defect, proof) values (?, ?, ?, ?)",
            ((found.event_id, found.side, found.defect, found.proof) for found in findings),
        )

    def wrong(self, id_: bytes) -> list[tuple[Side, Defect, Side | None]]:
        """What is wrong with an event, and not repaired: where, what, and which side shows what would be right."""
        sql = "select side, defect, proof from wrong where id = ? and not repaired order by side, defect"
        return list(self._database.execute(sql, (id_,)))

    def repaired(self, id_: bytes, side: Side, defect: Defect) -> None:
        """Remember that what was marked of an event has been put right."""
        self._database.execute(
            "update wrong set repaired = 1 where id = ? and side = ? and defect = ?", (id_, side, defect)
        )

    def proven_by(self, side: Side, ids: Sequence[bytes]) -> set[bytes]:
        """Those of `ids` for which `side` shows what would be right."""
        sql = "select 1 from wrong where id = ? and proof = ? and defect <> 'duplicated'"
        return {id_ for id_ in ids if self._database.execute(sql, (id_, side)).fetchone()}

    def unmark(self, ids: Iterable[bytes]) -> None:
        """Forget what was marked of the events `ids`."""
        self._database.executemany("delete from wrong where id = ?", ((id_,) for id_ in ids))

    def marked(self) -> list[tuple[Side, Defect, int, int]]:
        """In which ways events were marked: side, defect, how many, and how many of those have been put right."""
        sql = "select side, defect, count(*), sum(repaired) from wrong group by side, defect"
        return list(self._database.execute(sql))

    def proofs(self) -> set[Side]:
        """The sides that show what would be right of anything that was marked."""
        return {side for (side,) in self._database.execute("select distinct proof from wrong where proof is not null")}

    def examples(self, side: Side, defect: Defect, limit: int) -> list[Finding]:
        """Some of the events that were marked so."""
        found = self._database.execute(
            """
            select wrong.id, type, competition, proof from wrong join seen using (id)
            where side = ? and defect = ? order by time, wrong.id limit ?
            """,
            (side, defect, limit),
        )
        return [Finding(side, defect, id_, type_, competition, proof) for id_, type_, competition, proof in found]

    def ids(self, side: Side, defect: Defect) -> list[bytes]:
        """The events that were marked so and not repaired."""
        sql = "select id from wrong where side = ? and defect = ? and not repaired"
        return [id_ for (id_,) in self._database.execute(sql, (side, defect))]

    def proven(self, side: Side) -> list[bytes]:
        """The events of which `side` shows what would be right."""
        return [id_ for (id_,) in self._database.execute("select distinct id from wrong where proof = ?", (side,))]

    def lines_of(self, id_: bytes) -> int:
        """How many lines of the CSV files say an event."""
        found = self._database.execute("select lines from csv where id = ?", (id_,)).fetchone()
        return int(found[0]) if found else 0

    def overdue(self, window: Window, after: timedelta) -> Iterator[tuple[bytes, str, datetime]]:
        """Predictions without evaluation whose kickoff lies more than `after` before the competition's newest event.

        Each as its id, its competition and its kickoff.
        """
        condition, values = window.condition()
        self._index()
        sql = f"""
            select id, competition, kickoff
            from seen
            join (select competition as played_in, max(time) as latest from seen group by competition)
                on played_in = competition
            where
                kickoff < latest - ? and {condition}
                and not exists (
                    select 1 from seen as other
                    where other.supersedes = seen.id and other.type = 'prediction'
                )
                and not exists (
                    select 1 from seen as other
                    where other.about = seen.id and other.type in ('evaluation', 'correction')
                )
            order by kickoff, id
        """  # noqa: S608  names of this program
        for id_, competition, kickoff in self._database.execute(sql, [after.total_seconds(), *values]):
            yield id_, competition, datetime.fromtimestamp(kickoff, UTC)

    def unpredicted(self) -> Iterator[str]:
        """Matches that have a result and no prediction, by name."""
        self._index()
        found = self._database.execute(
            """
            select label from results
            where not exists (select 1 from seen where seen.match = results.match)
            order by label
            """
        )
        return (label for (label,) in found)

    def _index(self) -> None:
        for column in ("about", "supersedes", "match"):
            self._database.execute(
                f"create index if not exists by_{column} on seen ({column}) where {column} is not null"
            )

    def _orphaned(self, condition: str, values: Sequence[float | str]) -> Iterator[Finding]:
        sql = f"""
            select id, type, competition, topics_hash is not null, csv.id is not null
            from seen left join csv using (id)
            where
                type in ('evaluation', 'correction') and {condition}
                and not exists (
                    select 1 from seen as prediction
                    where prediction.id = seen.about and prediction.type = 'prediction'
                )
        """  # noqa: S608  names of this program
        for id_, type_, competition, in_topics, in_csv in self._database.execute(sql, values):
            side: Side = "topics" if in_topics else "csv" if in_csv else "postgres"
            yield Finding(side, "orphaned", id_, type_, competition, None)


def _unread(store: StoreName) -> str:
    """An SQL expression: whether `store` has not come so far as to read the event of a line of `seen`."""
    return f"""
        (topic is not null and offset >= coalesce((
            select next_offset from places
            where places.store = '{store}' and places.topic = seen.topic and places.partition = seen.partition
        ), 0))
    """  # noqa: S608  names of this program
