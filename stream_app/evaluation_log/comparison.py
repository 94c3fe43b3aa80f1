"""What the topics, the CSV files and the database say of each event, side by side, in bounded memory.

A scratch database of SQLite on the disk has one line an event; the sides are poured into it one after the other, in any
order of their own. What does not fit is told as a `Finding`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from stream_app.evaluation_log.findings import Defect, Entry, Finding, Side, StoreName, Window, classified
from stream_app.evaluation_log.store import TopicPartition

_CACHE_KIB = 65_536
# Half of SHA-256 tells two messages apart as well as all of it, and the scratch database is half as large.
HASH_LENGTH = 32

_SCHEMA = """
pragma journal_mode = off;
pragma synchronous = off;
create table seen (
    id blob primary key, type text, time real, competition text, about blob, supersedes blob, kickoff real, match blob,
    topics_hash text, topic text, partition integer, offset integer, conflicts integer not null default 0,
    csv_hash text, csv_intact integer, csv_lines integer not null default 0,
    postgres_hash text, postgres_intact integer, alien integer not null default 0
) without rowid;
create table places (
    store text, topic text, partition integer, next_offset integer, primary key (store, topic, partition)
) without rowid;
create table settled (id blob primary key, lines integer not null) without rowid;
create table wrong (
    id blob, side text, defect text, proof text, repaired integer not null default 0, primary key (id, side, defect)
) without rowid;
create table results (match blob primary key, label text not null) without rowid;
"""

_ADD: Mapping[Side, str] = {
    "topics": """
        insert into seen (
            id, type, time, competition, about, supersedes, kickoff, match, topics_hash, topic, partition, offset
        )
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (id) do update set conflicts = conflicts + (topics_hash <> excluded.topics_hash)
    """,
    "csv": """
        insert into seen (
            id, type, time, competition, about, supersedes, kickoff, match, csv_hash, csv_intact, alien, csv_lines
        )
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
        on conflict (id) do update
        set csv_hash = excluded.csv_hash, csv_intact = excluded.csv_intact, csv_lines = csv_lines + 1,
            alien = max(alien, excluded.alien)
    """,
    "postgres": """
        insert into seen (
            id, type, time, competition, about, supersedes, kickoff, match, postgres_hash, postgres_intact, alien
        )
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (id) do update
        set postgres_hash = excluded.postgres_hash, postgres_intact = excluded.postgres_intact,
            alien = max(alien, excluded.alien)
    """,
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

    def add(self, side: Side, events: Iterable[tuple[object, ...]]) -> None:
        """Pour in events of `side`: their `Facts`, followed by what the side says of them.

        For the topics: hash, topic, partition and offset. For a store: hash, intact and alien, as in `Entry`.
        """
        self._database.execute("begin")
        self._database.executemany(_ADD[side], events)
        self._database.execute("commit")

    def add_results(self, results: Iterable[tuple[bytes, str]]) -> None:
        """Pour in matches that have a result: what `Facts.match` is for them, and how to name them."""
        self._database.executemany("insert or ignore into results values (?, ?)", results)

    def set_places(self, store: StoreName, places: Mapping[TopicPartition, int]) -> None:
        """`store` has read each partition up to the offset in `places`; what comes after it does not lack yet."""
        self._database.executemany(
            "insert or replace into places values (?, ?, ?, ?)", [(store, *tp, next_) for tp, next_ in places.items()]
        )

    def settle(self, events: Iterable[tuple[bytes, int]]) -> None:
        """Earlier repairs have left each of these events in so many lines: that many are no defect any more."""
        self._database.executemany(
            "insert into settled values (?, ?) on conflict (id) do update set lines = max(lines, excluded.lines)",
            events,
        )

    def count(self, side: Side) -> int:
        """How many different events a side has."""
        (number,) = self._database.execute(f"select count(*) from seen where {side}_hash is not null").fetchone()  # noqa: S608  one of three names
        return int(number)

    def behind(self, store: StoreName) -> int:
        """How many events of the topics a store has not read yet."""
        sql = f"select count(*) from seen where topics_hash is not null and {store}_hash is null and {_unread(store)}"  # noqa: S608  names of this program
        (number,) = self._database.execute(sql).fetchone()
        return int(number)

    def findings(self, window: Window) -> Iterator[Finding]:
        """Everything in `window` that is wrong."""
        condition, values = window.condition()
        # Nearly all events are fine, and are found so without being looked at one by one.
        fine = " and ".join(
            f"{store}_hash is not null and {store}_intact and {store}_hash = coalesce(topics_hash, csv_hash)"
            for store in self._stores
        )
        sql = f"""
            select
                id, type, competition, topics_hash, conflicts, alien,
                csv_hash, csv_intact, {_unread("csv")}, csv_lines,
                coalesce((select lines from settled where settled.id = seen.id), 1),
                postgres_hash, postgres_intact, {_unread("postgres")}
            from seen
            where {condition} and (not coalesce({fine}, false) or csv_lines > 1 or conflicts or topics_hash is null)
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
        (lines,) = self._database.execute("select csv_lines from seen where id = ?", (id_,)).fetchone()
        return int(lines)

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
            select id, type, competition, topics_hash is not null, csv_hash is not null
            from seen
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
