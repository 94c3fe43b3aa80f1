"""A fingerprint of state: equal states have equal digests, in every process and on every machine.

Pickled bytes will not do for that: they tell whether two equal strings are one object or two, which depends on where a
state was loaded from and on nothing that it will ever answer.
"""

from __future__ import annotations

import copyreg
import enum
import functools
import struct
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from hashlib import sha256
from types import BuiltinFunctionType, BuiltinMethodType, FunctionType, MethodType, ModuleType

import numpy as np
from river.proba.base import Distribution

_PICKLE_PROTOCOL = 4
"""The protocol in which objects are asked for their state; part of what a digest means."""


def digest(state: object) -> str:
    """The SHA-256 of everything that `state` is made of, as 64 hexadecimal digits.

    Floats count by their exact bits, dictionaries and lists in their order, sets without one, arrays by type, shape and
    content, functions and classes by their names, and any other object by its class and by what it gives to be pickled
    (attributes by name). Whether equal parts are one object or several makes no difference.

    One thing is left out: the random source of River's distributions. River seeds it from the operating system and
    draws from it only in `sample`, which no model calls.

    Raises
    ------
    TypeError
        A part of `state` cannot be pickled.
    """
    return _Walk().of(state).hex()


class _Walk:
    """One walk over a state. Parts that are met again are not walked again."""

    def __init__(self) -> None:
        # The parts are kept alive, so that no other one can get the id of a temporary one.
        self._known: dict[int, tuple[object, bytes]] = {}
        self._path: dict[int, int] = {}

    def of(self, part: object) -> bytes:
        plain = _plain(part)
        if plain is not None:
            return plain
        known = self._known.get(id(part))
        if known is not None:
            return known[1]
        depth = self._path.get(id(part))
        if depth is not None:
            # A part of itself: told by how many steps up it is found again.
            return _hash("up", (b"%d" % (len(self._path) - depth),))
        self._path[id(part)] = len(self._path)
        result = self._compound(part)
        del self._path[id(part)]
        self._known[id(part)] = (part, result)
        return result

    def _compound(self, part: object) -> bytes:
        match part:
            # Subclasses have more to tell than their items, and are left to the general case.
            case dict() if type(part) is dict:
                return _hash("dict", (self.of(item) for pair in part.items() for item in pair))
            case list() | tuple() if type(part) in (list, tuple):
                return _hash(type(part).__name__, (self.of(item) for item in part))
            case set() | frozenset() if type(part) in (set, frozenset):
                return _hash(type(part).__name__, sorted(self.of(item) for item in part))
            case np.ndarray() if part.dtype != object and type(part) is np.ndarray:
                content = np.ascontiguousarray(part).tobytes()
                return _hash("array", (part.dtype.str.encode(), repr(part.shape).encode(), content))
            case MethodType():
                return _hash("method", (self.of(part.__self__), part.__func__.__qualname__.encode()))
            case BuiltinMethodType() if not isinstance(part.__self__, ModuleType | type | None):
                return _hash("method", (self.of(part.__self__), part.__name__.encode()))
            case FunctionType():
                captured = [cell.cell_contents for cell in part.__closure__ or ()]
                parts = (captured, part.__defaults__, part.__kwdefaults__)
                return _hash("function", (_name(part), *(self.of(item) for item in parts)))
            case functools.partial():
                return _hash("partial", (self.of(item) for item in (part.func, part.args, part.keywords)))
        return self._reduced(part)

    def _reduced(self, part: object) -> bytes:
        """Any other object, by what pickle would keep of it."""
        reducer = copyreg.dispatch_table.get(type(part))
        reduced = reducer(part) if reducer is not None else part.__reduce_ex__(_PICKLE_PROTOCOL)
        if isinstance(reduced, str):
            return _hash("global", (_name(type(part)), reduced.encode()))
        make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        if isinstance(part, Distribution):
            state = {name: value for name, value in state.items() if name != "_rng"}
        return _hash(
            "object",
            (
                _name(type(part)),
                self.of(make),
                self.of(arguments),
                self._state(state),
                _hash("items", (self.of(item) for item in items or ())),
                _hash("pairs", (self.of(item) for pair in pairs or () for item in pair)),
            ),
        )

    def _state(self, state: object) -> bytes:
        """The state of an object. The order in which its attributes were set is no part of it."""
        if type(state) is dict and all(isinstance(name, str) for name in state):
            return _hash("attributes", (self.of(item) for name in sorted(state) for item in (name, state[name])))
        if type(state) is tuple and len(state) == 2:
            return _hash("slots", (self._state(part) for part in state))
        return self.of(state)


def _plain(part: object) -> bytes | None:
    """The digest of a part that has no parts itself; None of any other."""
    kind = type(part)
    if part is None or part is Ellipsis or part is NotImplemented or kind is bool:
        return _hash("constant", (repr(part).encode(),))
    if isinstance(part, enum.Enum):
        return _hash("enum", (_name(kind), part.name.encode()))
    if isinstance(part, float) and kind is float:
        return _hash("float", (struct.pack("<d", part),))
    if isinstance(part, int) and kind is int:
        return _hash("int", (part.to_bytes(part.bit_length() // 8 + 1, "little", signed=True),))
    if isinstance(part, str) and kind is str:
        return _hash("str", (part.encode("utf-8", "surrogatepass"),))
    if isinstance(part, bytes | bytearray):
        return _hash(kind.__name__, (bytes(part),))
    if isinstance(part, datetime) and part.tzinfo is not None:
        return _hash("moment", (part.astimezone(UTC).isoformat().encode(),))
    if isinstance(part, date | time | timedelta | timezone | complex | range):
        return _hash(kind.__name__, (repr(part).encode(),))
    if isinstance(part, np.generic):
        return _hash("scalar", (part.dtype.str.encode(), part.tobytes()))
    if isinstance(part, type | ModuleType) or (
        isinstance(part, BuiltinFunctionType) and isinstance(part.__self__, ModuleType | type | None)
    ):
        return _hash("global", (_name(part),))
    return None


def _name(thing: object) -> bytes:
    module = getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", "")
    return f"{module}.{name}".encode()


def _hash(kind: str, parts: Iterable[bytes]) -> bytes:
    """One hash over parts of any length, so made that no two different lists of parts have the same one."""
    hasher = sha256(kind.encode())
    for part in parts:
        hasher.update(b"%d:" % len(part))
        hasher.update(part)
    return hasher.digest()
