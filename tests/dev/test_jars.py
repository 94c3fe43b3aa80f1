from __future__ import annotations

import gc
import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stream_app.dev import jars
from stream_app.dev.jars import Jar
from stream_app.errors import InvalidInput, Retryable

CONTENT = b"a jar"
JAR = Jar("kafka", "org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest())


class Source:
    """Hands out the given contents one after the other, and counts."""

    def __init__(self, *contents: bytes | Retryable) -> None:
        self.contents = list(contents)
        self.fetched = 0

    def __call__(self, jar: Jar, folder: Path) -> None:
        content = self.contents[self.fetched]
        self.fetched += 1
        if isinstance(content, Retryable):
            raise content
        jar.path(folder).parent.mkdir(parents=True, exist_ok=True)
        jar.path(folder).write_bytes(content)


def ensure(cache: Path, source: Source) -> list[Path]:
    return jars.ensure("kafka", cache=cache, jars=[JAR], fetch=source)


def test_a_missing_jar_is_fetched_once(tmp_path: Path) -> None:
    source = Source(CONTENT)

    (path,) = ensure(tmp_path, source)
    assert ensure(tmp_path, source) == [path]

    assert path.read_bytes() == CONTENT
    assert source.fetched == 1


def test_a_damaged_jar_is_fetched_again(tmp_path: Path) -> None:
    (path,) = ensure(tmp_path, Source(CONTENT))
    path.write_bytes(CONTENT[:-1])

    ensure(tmp_path, Source(CONTENT))

    assert path.read_bytes() == CONTENT


def test_a_jar_fetched_again_looks_as_old_as_before(tmp_path: Path) -> None:
    (path,) = ensure(tmp_path, Source(CONTENT))
    before = path.stat().st_mtime
    path.write_bytes(b"damaged")

    ensure(tmp_path, Source(CONTENT))

    assert path.stat().st_mtime == before


@pytest.mark.parametrize("first", [b"half a j", Retryable("the line broke")])
def test_a_download_that_went_wrong_is_tried_once_more(tmp_path: Path, first: bytes | Retryable) -> None:
    source = Source(first, CONTENT)

    (path,) = ensure(tmp_path, source)

    assert path.read_bytes() == CONTENT
    assert source.fetched == 2


def test_a_jar_that_is_not_what_the_lock_says_is_refused_by_name_and_digest(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refusal:
        ensure(tmp_path, Source(b"evil", b"evil"))

    assert JAR.coordinate in str(refusal.value)
    assert JAR.sha256 in str(refusal.value)
    assert hashlib.sha256(b"evil").hexdigest() in str(refusal.value)


def test_no_network_and_no_jar_is_something_to_try_again_later(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="no route"):
        ensure(tmp_path, Source(Retryable("no route"), Retryable("no route")))


def test_a_jar_for_another_use_is_left_alone(tmp_path: Path) -> None:
    assert jars.ensure("web", cache=tmp_path, jars=[JAR], fetch=Source()) == []


def test_the_lock_names_the_broker_its_logging_and_the_chart_script() -> None:
    locked = {jar.coordinate: jar.use for jar in jars.read_lock()}

    assert locked["org.apache.kafka:kafka_2.13:4.3.1"] == "kafka"
    assert locked["org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"] == "kafka"
    assert locked["org.webjars.npm:uplot:1.6.30"] == "web"


@pytest.mark.parametrize("line", ["kafka org.example:thing:1.0", "kafka thing " + "0" * 64, "cafe a:b:c " + "0" * 64])
def test_a_line_of_the_lock_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "jars.lock"
    lock.write_text(f"# comment\n\n{line}\n")

    with pytest.raises(InvalidInput, match=r"jars\.lock, line 3"):
        jars.read_lock(lock)


def test_the_chart_script_is_unpacked_with_its_licence(tmp_path: Path) -> None:
    jars.unpack_web(tmp_path)

    assert (tmp_path / "uplot/uPlot.iife.min.js").read_text().startswith("/*! https://github.com/leeoniya/uPlot")
    assert {path.name for path in (tmp_path / "uplot").iterdir()} == {
        "uPlot.iife.min.js",
        "uPlot.min.css",
        "LICENSE",
    }


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class _BreakingHandler(_Handler):
    """Promises a whole file and closes the connection after half of it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])
        self.close_connection = True


Serve = Callable[[type[_Handler]], None]

# requests does so after an answer that is not the file; `serve` collects it before another test would be blamed.
leaves_its_socket_to_the_garbage_collector = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Lets a server of this machine, whose repository is `tmp_path / "remote"`, be the only one that jgo knows."""
    started: list[ThreadingHTTPServer] = []

    def start(handler: type[_Handler]) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path / "remote")))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("jgo.maven._core.DEFAULT_REMOTE_REPOS", {"test": url})

    yield start
    for server in started:
        server.shutdown()
        server.server_close()
    gc.collect()


def test_jgo_brings_a_jar_to_its_place(tmp_path: Path, serve: Serve) -> None:
    remote = JAR.path(tmp_path / "remote")
    remote.parent.mkdir(parents=True)
    remote.write_bytes(CONTENT)
    serve(_Handler)

    (path,) = jars.ensure("kafka", cache=tmp_path / "cache", jars=[JAR])

    assert path.read_bytes() == CONTENT


@leaves_its_socket_to_the_garbage_collector
def test_a_jar_that_no_repository_has_is_named(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "remote").mkdir()
    serve(_Handler)

    with pytest.raises(Retryable, match=JAR.coordinate):
        jars.ensure("kafka", cache=tmp_path / "cache", jars=[JAR])


@leaves_its_socket_to_the_garbage_collector
def test_nothing_of_a_broken_download_is_kept(tmp_path: Path, serve: Serve) -> None:
    serve(_BreakingHandler)

    with pytest.raises(Retryable, match=JAR.coordinate):
        jars.ensure("kafka", cache=tmp_path / "cache", jars=[JAR])

    assert not JAR.path(tmp_path / "cache" / "jars").exists()
