"""The Faust application: the only place where the worker is wired together."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic

import faust
from faust.types import TP, StreamT, TopicT
from yarl import URL

from stream_app import metrics
from stream_app.agents import inputs_anew, learn, predict, topic_watch
from stream_app.agents.faust_consumer import PlacesConsumer, places_consumer
from stream_app.agents.faust_edge import EdgeTransport, fatal_on_error
from stream_app.agents.faust_tables import EdgeTableManager
from stream_app.agents.keeper import Keeper
from stream_app.agents.order import Orderer
from stream_app.agents.ownership import Ownership
from stream_app.agents.punctuality import Punctuality
from stream_app.agents.tables import Tables
from stream_app.brokers import Access, Brokers, Where, brokers_at
from stream_app.durability import fail_points
from stream_app.durability.guards import Fence
from stream_app.durability.log import source_of
from stream_app.errors import InvalidInput
from stream_app.models import zoo
from stream_app.monitoring import Readiness
from stream_app.settings import Settings
from stream_app.topics import INPUT_MAX_BYTES, INPUTS, LOG

log = logging.getLogger(__name__)

SESSION_S = 6.0
"""Seconds without a heartbeat after which the brokers give a worker's partitions to another one."""

STANDSTILL_S = 4.0
"""Longest standstill of the event loop, in seconds; below the session, so that a frozen worker never writes late."""

POLL_RECORDS = 200
"""Records that Faust takes at a time. It hands them out one by one while entries are applied in between, and another
input than theirs stays silent for that long."""

BEAT_S = 0.2
COMMIT_S = 1.0

OTHERS_S = 1.0
"""Seconds between two looks for entries of the log that this worker has not written itself."""


def create_app(settings: Settings, bootstrap: Where, readiness: Readiness) -> faust.App:
    """The worker as a Faust application on the brokers at `bootstrap` (host:port[,host:port]).

    `readiness` is told whether it has its partitions, recovered.

    Raises
    ------
    InvalidInput
        The settings name a model that there is not, or a data folder that cannot be made.
    """
    # What a worker writes into the log stays there: a wrong name would end every worker that ever reads it.
    for name in settings.model_names:
        zoo.create(name)
    # Faust makes its own folder in there, but not the way to it.
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"STREAM_APP_DATA_DIR {str(settings.data_dir)!r}: {error.strerror}") from error
    where = brokers_at(bootstrap)
    brokers = [URL(f"kafka://{server}") for server in where.address.split(",")]
    app = faust.App(
        settings.group,
        broker=brokers,
        broker_credentials=_credentials(where.access),
        store="memory://",
        datadir=str(settings.data_dir / "faust"),
        web_enabled=False,
        TableManager=EdgeTableManager,
        topic_partitions=settings.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        stream_buffer_maxsize=4096,
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=2.0,
        broker_rebalance_timeout=10.0,
        broker_request_timeout=20.0,
        broker_max_poll_records=POLL_RECORDS,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.member,
        producer_acks=-1,
        producer_linger=0.0,
        producer_max_batch_size=256 * 1024,
        producer_max_request_size=INPUT_MAX_BYTES + 1024 * 1024,
        key_serializer="raw",
        value_serializer="raw",
    )
    app.transport = app.producer_transport = EdgeTransport(brokers, app, settings.topic_prefix)
    _wire(app, settings, where, readiness)
    return app


def _credentials(access: Access) -> faust.auth.Credentials | None:
    if access.user:
        return faust.SASLCredentials(
            username=access.user, password=access.password, mechanism=access.mechanism, ssl_context=access.tls
        )
    return faust.SSLCredentials(access.tls) if access.tls else None


def _wire(app: faust.App, settings: Settings, where: Brokers, readiness: Readiness) -> None:
    readiness.wants("partitions", "not assigned yet")
    ownership = Ownership()
    fence = Fence(monotonic, STANDSTILL_S)
    tables = Tables(app, settings.partitions, settings.topic_prefix)
    punctuality = Punctuality()
    orderer = Orderer(app, settings, ownership, fence, punctuality)
    keeper = Keeper(app, settings, tables, ownership, fence, punctuality)
    metrics.LAG.ask("worker inputs", lambda: metrics.by_partition("inputs", orderer.unread()))
    metrics.LAG.ask("worker log", lambda: metrics.by_partition("log", keeper.unread()))

    log_topic = settings.topic_prefix + LOG
    inputs = tuple(settings.topic_prefix + name for name in INPUTS)

    def consumer() -> PlacesConsumer:
        return places_consumer(app)

    def raw(*names: str) -> TopicT:
        return app.topic(
            *(settings.topic_prefix + name for name in names),
            key_type=bytes,
            value_type=bytes,
            partitions=settings.partitions,
        )

    @app.agent(raw(*INPUTS), name="order")
    @fatal_on_error
    async def order_agent(stream: StreamT[bytes]) -> None:
        await orderer.read(stream)

    @app.agent(raw(LOG), name="predict")
    @fatal_on_error
    async def predict_agent(stream: StreamT[bytes]) -> None:
        await predict.read(stream, keeper)

    @app.agent(raw(LOG), name="learn")
    @fatal_on_error
    async def learn_agent(stream: StreamT[bytes]) -> None:
        await learn.read(stream, keeper)

    async def beat() -> None:
        # Faust's monitor costs a tenth of the throughput and nobody reads it.
        app.sensors.remove(app.monitor)
        while True:
            fence.beat()
            await asyncio.sleep(BEAT_S)

    async def commit_inputs() -> None:
        while True:
            await asyncio.sleep(COMMIT_S)
            if places := orderer.take_places():
                await consumer().commit_places(places)

    async def read_on() -> None:
        while True:
            await asyncio.sleep(OTHERS_S)
            consumer().read_on()

    async def watch_topics() -> None:
        await topic_watch.watch(where, settings.partitions)

    for body in (beat, orderer.run, orderer.confirm, keeper.run, commit_inputs, read_on, watch_topics):
        app.task(fatal_on_error(body))

    @app.on_partitions_revoked.connect
    @fatal_on_error
    async def on_revoked(*_: object, **__: object) -> None:
        fail_points.reach(fail_points.AMID_REVOCATION)
        ownership.lose()
        readiness.wants("partitions", "being shared out")
        orderer.clear()
        keeper.clear()

    @app.on_rebalance_complete.connect
    @fatal_on_error
    async def on_recovered(*_: object, **__: object) -> None:
        # Faust lets events through before it has moved the partitions to their committed offsets. Stopped here, the
        # flow is resumed by Faust itself after it has done so.
        consumer().stop_flow()
        epoch = ownership.epoch
        assigned = consumer().assignment()
        owned = sorted(tp for tp in assigned if tp.topic in (log_topic, *inputs))
        committed = await consumer().committed(owned)
        beginnings = await consumer().earliest_offsets(*owned)
        ends = await consumer().highwaters(*owned)
        logged = {tp.partition for tp in owned if tp.topic == log_topic and ends[tp] > 0}
        unplaced = [tp for tp in owned if tp.topic != log_topic and committed[tp] is None and tp.partition in logged]
        if unplaced:
            named = {settings.topic_prefix + name: source_of(name, settings.input_generation) for name in INPUTS}
            await inputs_anew.refuse(where, {(named[tp.topic], tp.partition): ends[tp] for tp in unplaced})
        places: dict[TP, int] = {}
        for tp in owned:
            known, beginning = committed[tp], beginnings[tp]
            start = beginning if known is None else known
            if tp.topic == log_topic:
                start = keeper.place_to_resume(tp.partition, start, beginning)
            elif start < beginning:
                said = "%s[%d]: %d messages were deleted before they were read"
                log.error(said, *tp, beginning - start, extra={"topic": tp.topic, "partition": tp.partition})
                start = beginning
            places[tp] = start
        # A new group has no offsets yet, and one whose last snapshot was overwritten by an older one has to go back.
        changed = {tp: place for tp, place in places.items() if committed[tp] != place}
        if changed and not await consumer().commit_places(changed):
            return
        fail_points.reach(fail_points.AMID_RECOVERY)
        if ownership.epoch != epoch:
            return
        for tp, place in places.items():
            if tp.topic == log_topic:
                keeper.begin(tp.partition, place, ends[tp])
                consumer().begin(tp, place)
        orderer.begin({tp: place for tp, place in places.items() if tp.topic != log_topic})
        ownership.gain(tuple(tp.partition for tp in owned if tp.topic == log_topic))
        keeper.note_recovery()
        metrics.PARTITIONS_OWNED.set(len(ownership.partitions))
        readiness.has("partitions")
        log.info("ready: partitions %s of %d", list(ownership.partitions), settings.partitions)
