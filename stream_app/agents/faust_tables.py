"""How Faust reads the tables of this service: at once, and after every rebalance from their beginning.

Each item says why it is there and was seen with faust-streaming 0.15.3.
"""

from __future__ import annotations

from collections import Counter
from typing import cast

from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP
from faust.types.transports import ConsumerT

from stream_app.agents.faust_consumer import PlacesConsumer
from stream_app.agents.heap import set_large_blocks_among_others, set_large_blocks_apart

BEFORE_THE_FIRST = -1
"""The offset of a changelog of which nothing has been read."""


class EdgeRecovery(Recovery):
    """Reads all tables from their beginning after every rebalance.

    Faust knows how far it has read the changelog of a partition that stays, and reads what is new. That is right for
    tables that are complete, and ours lack the leagues that were at work (`Tables`), which a rebalance takes out of
    memory. Their snapshots would be missed, and their leagues rebuilt from the beginning of the log.

    So each recovery begins with nothing: no record, no offset, and no message on its way. A single one of an earlier
    recovery, of a later offset, would be taken for all that comes before it. They are forgotten here, where a recovery
    begins, and not where partitions are taken away: a rebalance may come amid a recovery, or amid another rebalance,
    but what reads is this one task, and it always passes here before it reads.
    """

    _is_moving = False

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self._is_moving = True
        super().on_partitions_revoked(revoked)

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        # When it is not the latest one Faust leaves it at that, as another one follows.
        self._is_moving = generation_id != self.app.consumer_generation_id
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Say that the tables are complete, unless the partitions have been taken away meanwhile.

        Faust would say so until they are assigned anew. A worker would begin with partitions that are no longer its
        own, and go on with them while the next recovery empties and fills the tables.
        """
        if not self._is_moving:
            set_large_blocks_among_others()
            await super().on_recovery_completed(generation_id)

    async def _build_highwaters(self, consumer: ConsumerT, tps: set[TP], destination: Counter[TP], title: str) -> None:
        if title == "active":
            # The first step. An earlier recovery may have let messages flow again after the partitions were taken away.
            self.app.flow_control.suspend()
            set_large_blocks_apart()
            await cast(PlacesConsumer, consumer).come_to_rest()
            self.app.flow_control.clear()
        await super()._build_highwaters(consumer, tps, destination, title)

    async def _build_offsets(self, consumer: ConsumerT, tps: set[TP], destination: Counter[TP], title: str) -> None:
        if title == "active":
            # The brokers have answered in between, so nothing that was on its way inside the process still is.
            self._forget()
        await super()._build_offsets(consumer, tps, destination, title)

    def _forget(self) -> None:
        for buffer in self.buffers.values():
            buffer.clear()
        for table in self.tables.values():
            table.data.clear()
        for tp in self.active_tps:
            self.active_offsets[tp] = BEFORE_THE_FIRST


class EdgeTableManager(TableManager):
    """Starts without a pause, and recovers as above.

    Faust's own sleeps for a second before it starts its tables, without saying for what. Everything that they need has
    been started by then, in the order in which the application lists its services.
    """

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()

    @property
    def recovery(self) -> Recovery:
        if self._recovery is None:
            self._recovery = EdgeRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
