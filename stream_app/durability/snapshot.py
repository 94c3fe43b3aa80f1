"""Snapshots: the state of one competition as signed, compressed bytes, in pieces when it is large.

A snapshot saves reading the log from its beginning and is never needed for correctness: one that is damaged, foreign or
of another version is simply not used, and the log is read from further back. Python's pickle executes what it reads,
so nothing is unpickled before its signature holds, and then only classes of an allow-list.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import pickle
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import TypedDict

import numpy
import orjson
import zstandard

from stream_app.durability.pickling import dumps

FORMAT = 3
"""Number of the state's layout. A change of code that changes the state of a league raises it."""

PIECE_BYTES = 700_000
"""Largest record that a snapshot is cut into; below the 1 MiB that Kafka takes by default."""

_MAGIC = b"stream-app snapshot\n"
_SIGNATURE_BYTES = hashlib.sha256().digest_size
_LENGTH_BYTES = 4
_WHOLE, _IN_PIECES = b"W", b"P"
_COMPRESSION_LEVEL = 1  # the fastest of zstd's regular levels: checkpoints are made while nothing else is

VERSIONS: Mapping[str, str] = {
    "python": ".".join(platform.python_version_tuple()[:2]),
    "numpy": numpy.__version__,
    "river": version("river"),
}
"""What the layout of pickled state depends on besides this code."""


_ALLOWED_PACKAGES = (
    "stream_app.analytics",
    "stream_app.durability.book",
    "stream_app.durability.understudy",
    "stream_app.events",
    "stream_app.evaluation",
    "stream_app.league",
    "stream_app.lifecycle",
    "stream_app.models",
    "stream_app.ratings",
    "river",
)
_ALLOWED_NAMES = frozenset(
    {
        ("array", "_array_reconstructor"),  # builds a row of plain numbers, such as a forest has
        ("array", "array"),
        ("builtins", "complex"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
        ("builtins", "slice"),
        ("collections", "Counter"),
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("collections", "deque"),
        ("copy", "deepcopy"),
        ("copyreg", "_reconstructor"),
        ("builtins", "object"),
        ("builtins", "dict"),
        ("builtins", "list"),
        ("builtins", "int"),
        ("builtins", "float"),
        ("datetime", "datetime"),
        ("functools", "partial"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("random", "Random"),
    }
)
"""What a state may hold besides classes of the packages above: data, and nothing that acts when it is built."""


class _Head(TypedDict):
    format: int
    versions: dict[str, str]
    competition: str
    position: int
    sha256: str


class SnapshotRefused(Exception):
    """A snapshot cannot be used; the text says why. The log has everything that it held."""


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What the head of a snapshot says: whose it is, and the last log offset that its state holds."""

    competition: str
    position: int


def freeze(state: object, info: SnapshotInfo, key: bytes) -> bytes:
    """`state` as signed bytes."""
    body = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL).compress(dumps(state, _ALLOWED_PACKAGES))
    head = orjson.dumps(
        {
            "format": FORMAT,
            "versions": VERSIONS,
            "competition": info.competition,
            "position": info.position,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
    )
    message = _MAGIC + len(head).to_bytes(_LENGTH_BYTES, "big") + head + body
    return message + sign(message, key)


def inspect(blob: bytes, key: bytes) -> SnapshotInfo:
    """Check everything about a snapshot that can be checked without unpickling it.

    Raises
    ------
    SnapshotRefused
        It is damaged, signed with another key, or of another format or version.
    """
    head, _ = _open(blob, key)
    return SnapshotInfo(competition=head["competition"], position=head["position"])


def thaw(blob: bytes, key: bytes) -> object:
    """The state in a snapshot. Raises SnapshotRefused like `inspect`, and when it names a class that is not allowed."""
    _, body = _open(blob, key)
    return unpickle(zstandard.ZstdDecompressor().decompress(body))


def unpickle(pickled: bytes) -> object:
    """What is pickled, if it is made of allowed classes alone, else raises SnapshotRefused; check signatures first."""
    try:
        return _AllowListUnpickler(io.BytesIO(pickled)).load()
    except (pickle.UnpicklingError, AttributeError, ImportError, TypeError, ValueError, EOFError, IndexError) as error:
        raise SnapshotRefused(f"its state cannot be read: {error}") from error


def sign(message: bytes, key: bytes) -> bytes:
    """The signature of `message` (HMAC-SHA256)."""
    return hmac.new(key, message, hashlib.sha256).digest()


def _open(blob: bytes, key: bytes) -> tuple[_Head, bytes]:
    if not blob.startswith(_MAGIC):
        raise SnapshotRefused("it does not begin like a snapshot")
    start = len(_MAGIC) + _LENGTH_BYTES
    end = start + int.from_bytes(blob[len(_MAGIC) : start], "big")
    message, signature = blob[:-_SIGNATURE_BYTES], blob[-_SIGNATURE_BYTES:]
    body = message[end:]
    try:
        head: _Head = orjson.loads(blob[start:end])
    except orjson.JSONDecodeError as error:
        raise SnapshotRefused("its head is damaged") from error
    if hashlib.sha256(body).hexdigest() != head.get("sha256"):
        raise SnapshotRefused("its checksum does not match: it is damaged")
    if not hmac.compare_digest(signature, sign(message, key)):
        raise SnapshotRefused("it was signed with another key")
    if (head["format"], head["versions"]) != (FORMAT, VERSIONS):
        raise SnapshotRefused(
            f"it has format {head['format']} of {head['versions']},"
            f" this program has format {FORMAT} of {dict(VERSIONS)}"
        )
    return head, body


def pack(
    blob: bytes, competition: str, previous: bytes | None, piece_bytes: int = PIECE_BYTES
) -> list[tuple[bytes, bytes]]:
    """The records, in the order in which they must be written, that hold `blob` under the key `competition`.

    A small snapshot is one record. A large one is cut into pieces under keys of their own, in one of two slots that
    take turns, and the record under the competition's key, written last, says which slot holds: a process that dies
    between two pieces leaves the last whole snapshot standing. `previous` is the current record under the
    competition's key.
    """
    key = competition.encode()
    if len(blob) < piece_bytes:
        return [(key, whole(blob))]
    slot = b"b" if previous is not None and previous[:2] == _IN_PIECES + b"a" else b"a"
    pieces = [blob[start : start + piece_bytes] for start in range(0, len(blob), piece_bytes)]
    records = [(_piece_key(key, slot, number), piece) for number, piece in enumerate(pieces)]
    manifest = _IN_PIECES + slot + len(pieces).to_bytes(_LENGTH_BYTES, "big") + hashlib.sha256(blob).digest()
    return [*records, (key, manifest)]


def whole(blob: bytes) -> bytes:
    """The one record that holds `blob`, however large it is: for memory, not for Kafka."""
    return _WHOLE + blob


def is_whole(record: bytes) -> bool:
    """Whether the record under a competition's key is all of its snapshot."""
    return record[:1] == _WHOLE


def unpack(competition: str, read: Callable[[bytes], bytes | None]) -> bytes:
    """Put a snapshot together from the records that `pack` made; `read(key)` gives the current record of a key.

    Raises
    ------
    SnapshotRefused
        There is none, or its pieces do not belong together.
    """
    key = competition.encode()
    record = read(key)
    if record is None:
        raise SnapshotRefused("there is none")
    if is_whole(record):
        return record[1:]
    slot, count = record[1:2], int.from_bytes(record[2 : 2 + _LENGTH_BYTES], "big")
    pieces = [read(_piece_key(key, slot, number)) for number in range(count)]
    blob = b"".join(piece for piece in pieces if piece is not None)
    if hashlib.sha256(blob).digest() != record[2 + _LENGTH_BYTES :]:
        raise SnapshotRefused("its pieces do not belong together")
    return blob


def is_piece(key: bytes) -> bool:
    """Whether `key` is that of a piece and not of a competition (whose name has no control character)."""
    return b"\0" in key


def _piece_key(key: bytes, slot: bytes, number: int) -> bytes:
    return key + b"\0" + slot + b"%d" % number


class _AllowListUnpickler(pickle.Unpickler):
    """Finds only classes that a league's state is made of."""

    def find_class(self, module: str, name: str) -> object:
        found: object = None
        if (module, name) in _ALLOWED_NAMES:
            found = getattr(import_module(module), name)
        elif any(module == package or module.startswith(f"{package}.") for package in _ALLOWED_PACKAGES):
            found = import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
            if not isinstance(found, type):
                found = None
        if found is None:
            raise pickle.UnpicklingError(f"{module}.{name} is not on the list of what a snapshot may hold")
        return found
