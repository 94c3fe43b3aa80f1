"""The broker's jars and the chart script: fetched once per machine, and trusted only by their SHA-256.

`jars.lock` beside this module names every file and its digest. jgo finds and fetches them; it enforces no checksum
and keeps what a broken download has left, so every file is verified here before each use.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stream_app.errors import InvalidInput, Retryable

LOCK_FILE = Path(__file__).with_name("jars.lock")
VENDOR = Path(__file__).parents[1] / "web" / "static" / "vendor"

Use = Literal["kafka", "web"]

# The mark after the logging bridge keeps its own dependency management out: with it, older Kafka clients would win
# over those of the broker, and the broker would not start.
ENDPOINTS: dict[Use, str] = {
    "kafka": "org.apache.kafka:kafka_2.13:4.3.1+org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!",
    "web": "org.webjars.npm:uplot:1.6.30",
}

WEB_FILES = ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")
"""Files of the chart script's jar that the live view serves, by the end of their path in it."""

MODIFIED = 1_577_836_800
"""Time of modification of all jars: the Java runtime takes a jar of another age for another jar."""

FETCH_TIMEOUT_S = 60
PARALLEL_FETCHES = 8
# A broken download is worth one more try; a file that is wrong twice will be wrong again.
ATTEMPTS = 2

Fetch = Callable[["Jar", Path], None]
"""Brings a jar to its place under the folder that the second argument names; raises Retryable when it cannot."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked file: its Maven coordinate `group:artifact:version`, its SHA-256 in hex, and what it is for."""

    use: Use
    coordinate: str
    sha256: str

    def path(self, cache: Path) -> Path:
        """Where the jar lies under `cache`, in the layout of a Maven repository."""
        group, artifact, version = self.coordinate.split(":")
        return cache.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.jar")


def cache_folder() -> Path:
    """The folder of this user that all checkouts share, so that a second one needs no download."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "stream-app"


def read_lock(file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """All locked jars, in the order of the file. Raises InvalidInput for a line that is none."""
    jars = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        match line.split():
            case [("kafka" | "web") as use, coordinate, digest] if coordinate.count(":") == 2 and len(digest) == 64:
                jars.append(Jar(use, coordinate, digest))
            case _:
                raise InvalidInput(f"{file.name}, line {number}: {line!r} is not `kafka|web group:name:version sha256`")
    return tuple(jars)


def ensure(
    use: Use, *, cache: Path | None = None, jars: Iterable[Jar] | None = None, fetch: Fetch | None = None
) -> list[Path]:
    """The verified jars for `use`, fetched where they are missing or damaged, sorted by path.

    Raises
    ------
    Retryable
        A jar is not here and cannot be fetched now.
    InvalidInput
        A jar that was fetched anew still has another digest than the lock says.
    """
    folder = (cache or cache_folder()) / "jars"
    wanted = [jar for jar in (read_lock() if jars is None else jars) if jar.use == use]
    if bad := [jar for jar in wanted if not _is_right(jar, folder)]:
        with _exclusive(folder):
            _repair([jar for jar in bad if not _is_right(jar, folder)], folder, fetch or fetch_by_jgo)
    paths = sorted(jar.path(folder) for jar in wanted)
    for path in paths:
        if path.stat().st_mtime != MODIFIED:
            os.utime(path, (MODIFIED, MODIFIED))
    return paths


def unpack_web(vendor: Path = VENDOR) -> None:
    """Lay the chart script and its style sheet where the live view serves them from, as `vendor/uplot/`."""
    target = vendor / "uplot"
    target.mkdir(parents=True, exist_ok=True)
    (jar,) = ensure("web")
    with zipfile.ZipFile(jar) as archive:
        for ending in WEB_FILES:
            (name,) = [name for name in archive.namelist() if name.endswith(f"/{ending}")]
            partial = target / f"{Path(ending).name}.part"
            partial.write_bytes(archive.read(name))
            partial.replace(target / Path(ending).name)


def fetch_by_jgo(jar: Jar, folder: Path) -> None:
    """Fetch `jar` to its place under `folder`, over whatever is there. Raises Retryable."""
    import requests
    from jgo.maven import MavenContext

    path = jar.path(folder)
    path.unlink(missing_ok=True)
    context = MavenContext(repo_cache=folder, timeout=FETCH_TIMEOUT_S)
    try:
        context.create_dependency(jar.coordinate).artifact.resolve()
    # jgo raises RuntimeError when no repository has the file.
    except (requests.RequestException, OSError, RuntimeError) as error:
        path.unlink(missing_ok=True)
        raise Retryable(f"cannot fetch {jar.coordinate}: {error}. Is the network there?") from error


def lock() -> str:
    """Resolve all endpoints anew; the text of a new `jars.lock`. Takes about half a minute and needs the network."""
    import jgo

    lines = [
        "# Every file that the local Kafka and the live view need, with its SHA-256. Made by `make lock`.",
    ]
    folder = cache_folder() / "jars"
    known = {jar.coordinate: jar for jar in read_lock()}
    with _exclusive(folder):
        for use, endpoint in ENDPOINTS.items():
            found = [f"{it.groupId}:{it.artifactId}:{it.version}" for it in jgo.resolve(endpoint)]
            for coordinate in sorted(found):
                jar = known.get(coordinate, Jar(use, coordinate, ""))
                if not _is_right(jar, folder):
                    fetch_by_jgo(jar, folder)
                lines.append(f"{use} {coordinate} {_digest(jar.path(folder))}")
    return "\n".join(lines) + "\n"


def _repair(bad: Sequence[Jar], folder: Path, fetch: Fetch) -> None:
    failures: list[Retryable] = []

    def attempt(jar: Jar) -> None:
        try:
            fetch(jar, folder)
        except Retryable as error:
            failures.append(error)

    for _ in range(ATTEMPTS):
        failures.clear()
        with ThreadPoolExecutor(PARALLEL_FETCHES) as pool:
            list(pool.map(attempt, bad))
        bad = [jar for jar in bad if not _is_right(jar, folder)]
    if failures:
        raise failures[0]
    if bad:
        path = bad[0].path(folder)
        raise InvalidInput(
            f"{path}: the SHA-256 of {bad[0].coordinate} is {_digest(path)}, and {LOCK_FILE.name} says "
            f"{bad[0].sha256}. It was fetched twice: either the lock is wrong, or the file is not what it was"
        )


def _is_right(jar: Jar, folder: Path) -> bool:
    path = jar.path(folder)
    return path.is_file() and _digest(path) == jar.sha256


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
