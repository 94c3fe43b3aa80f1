"""Notices input topics that were made anew under a log that knows the old ones.

A league tells by its source offset whether it has had a message. The offsets of a topic that was deleted and made anew
begin at 0 again, so its messages would be taken for repetitions, and be lost without a word.
"""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.brokers import Where
from stream_app.durability.log import read_entry
from stream_app.errors import Fatal
from stream_app.topic_reader import read_to_end
from stream_app.topics import LOG

Input = tuple[str, int]
"""The name of a source, as the log has it, and a partition."""


async def refuse(where: Where, ends: Mapping[Input, int]) -> None:
    """Make sure that the log holds nothing of an input from beyond its end, `ends`: the offset after its last message.

    Reads the whole log, so it is for inputs alone of which the group has no place on record: new ones, those that were
    made anew, and those whose places the brokers have forgotten.

    Raises
    ------
    Fatal
        An input was made anew.
    """
    held: dict[Input, int] = {}
    async for record in read_to_end(where, [LOG]):
        entry = read_entry(record.key, record.value, record.headers)
        known = entry.source, record.partition
        held[known] = max(held.get(known, -1), entry.source_offset)
    for (source, partition), end in ends.items():
        if (last := held.get((source, partition), -1)) >= end:
            raise Fatal(
                f"{source}[{partition}] ends at offset {end}, and the match-log holds its offset {last}: the topic was"
                " made anew, and its messages would be taken for ones of before. Raise STREAM_APP_INPUT_GENERATION by"
                " one on all workers: see docs/recovery.md"
            )
