"""Small containers that hold the newest of something and forget the rest, so that a view never outgrows its process."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import OrderedDict, deque
from typing import Generic, TypeVar

Value = TypeVar("Value")

SLUG_LENGTH = 60
SLUG_HASH_LENGTH = 8
_SLUG = re.compile(r"[a-z0-9][a-z0-9._:-]{0,99}|")


class RecentIds:
    """Tells which of the last `capacity` ids have been seen before.

    Workers that come back from a crash publish again what they had published since their last checkpoint, with the
    same ids. The capacity has to exceed what lies between two checkpoints.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        # Not one dictionary: the holes that the oldest leave at its front are walked over to find the next oldest.
        self._seen: set[str] = set()
        self._order: deque[str] = deque()

    def __contains__(self, identity: object) -> bool:
        return identity in self._seen

    def add(self, identity: str) -> bool:
        """Remember `identity`; False when it was known already."""
        if identity in self._seen:
            return False
        self._seen.add(identity)
        self._order.append(identity)
        if len(self._order) > self._capacity:
            self._seen.remove(self._order.popleft())
        return True


class Newest(Generic[Value]):
    """The last `capacity` values by key, in the order in which they were last put."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[str, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> Value | None:
        """The value of `key`, None when it is not or no longer held."""
        return self._values.get(key)

    def put(self, key: str, value: Value) -> None:
        """Hold `value` as the newest, in place of an earlier one of the same key."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def pop(self, key: str) -> Value | None:
        """Let go of `key` and hand its value over, None when it is not held."""
        return self._values.pop(key, None)

    def items(self) -> list[tuple[str, Value]]:
        """All keys and values that are held, the first one put first."""
        return list(self._values.items())

    def newest_first(self) -> list[Value]:
        """All values that are held, the last one put first."""
        return list(reversed(self._values.values()))


def slug(text: str) -> str:
    """`text` as a name for an address or an element: lower-case letters, digits, and `.`, `_`, `:` or `-` between them.

    A text that is a slug already stays as it is. Any other one gets a piece of its SHA-256 at the end, so that two
    different texts never share a slug.
    """
    if _SLUG.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH]
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:SLUG_HASH_LENGTH]}".lstrip("-")
