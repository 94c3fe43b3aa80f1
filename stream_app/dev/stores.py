"""How much of a competition the two stores of the evaluation log hold, asked of the stores themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncpg

from stream_app.evaluation_log import csv_files
from stream_app.evaluation_log.csv_format import HEADER

_TYPE, _COMPETITION, _MATCH = (HEADER.index(name) for name in ("event_type", "competition", "match_id"))


@dataclass(frozen=True, slots=True)
class Kept:
    """Different matches that a store has a prediction of, and an evaluation of."""

    predictions: int
    evaluations: int


def in_csv(folder: Path, competition: str) -> Kept:
    """What the CSV files in `folder` hold; nothing while there are none."""
    found: dict[str, set[str]] = {"prediction": set(), "evaluation": set()}
    active = csv_files.active(folder)
    for path in [*csv_files.closed(folder), *([active] if active.exists() else [])]:
        for _, row in csv_files.read(path):
            if row[_COMPETITION] == competition and row[_TYPE] in found:
                found[row[_TYPE]].add(row[_MATCH])
    return Kept(len(found["prediction"]), len(found["evaluation"]))


async def in_database(url: str, competition: str) -> Kept:
    """What the table of the database at `url` holds."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        row = await connection.fetchrow(
            """
            select count(distinct match_id) filter (where event_type = 'prediction'),
                   count(distinct match_id) filter (where event_type = 'evaluation')
            from evaluation_log where competition = $1
            """,
            competition,
        )
        return Kept(row[0], row[1])
    finally:
        await connection.close()
