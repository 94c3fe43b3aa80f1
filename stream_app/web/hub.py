"""Gathers what changed over a short time and hands every open page the rows that are new to it.

Pages of the same scope share one rendering, and nothing is queued: a viewer who was too slow for one change gets the
whole page with the next. So neither the rate of the messages nor the number of viewers costs memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from stream_app.web.frame import Frame, Scope, Unknown, what_changed, whole
from stream_app.web.recent import slug

BEAT_S = 5.0
"""Seconds after which a viewer hears that the connection is alive, when there is nothing else to say."""

BEAT = b"{}"


@dataclass(slots=True)
class _Scene:
    """A scope that somebody looks at: its last rendering, and the message that leads to it from the one before."""

    frame: Frame
    version: int = 0
    delta: bytes = BEAT
    full: bytes | None = None
    viewers: int = 0

    def advance(self, frame: Frame) -> bool:
        delta = what_changed(self.frame, frame)
        if delta is None:
            return False
        self.frame, self.delta, self.full = frame, delta, None
        self.version += 1
        return True

    def snapshot(self) -> bytes:
        if self.full is None:
            self.full = whole(self.frame)
        return self.full


class Hub:
    """Hands changes to open pages.

    Parameters
    ----------
    compose
        Renders what a scope shows now.
    batch_s
        Shortest time in seconds between two messages to the same page.
    """

    def __init__(self, compose: Callable[[Scope], Frame], batch_s: float) -> None:
        self._compose = compose
        self._batch_s = batch_s
        self._scenes: dict[Scope, _Scene] = {}
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._pushed = asyncio.Event()
        self._closed = False

    @property
    def viewers(self) -> int:
        """Pages that are open now."""
        return sum(scene.viewers for scene in self._scenes.values())

    def changed(self, competition: str) -> None:
        """Note that something of `competition` changed; "" is for what belongs to none."""
        self._dirty.add(competition)
        self._wake.set()

    async def run(self) -> None:
        """Push changes until cancelled: the first after a silence at once, further ones a batch time apart."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            dirty, self._dirty = {slug(name) for name in self._dirty}, set()
            moved = [
                self._advance(scope, scene)
                for scope, scene in list(self._scenes.items())
                if "" in dirty or scope.competition is None or scope.competition in dirty
            ]
            if any(moved):
                self._tell_all()
            await asyncio.sleep(self._batch_s)

    async def watch(self, scope: Scope) -> AsyncIterator[bytes]:
        """Messages for one viewer of `scope`: the whole page first, then what changes, until the hub is closed."""
        scene = self._scenes.get(scope)
        if scene is None:
            scene = self._scenes[scope] = _Scene(self._compose(scope))
        scene.viewers += 1
        try:
            seen = None
            while not self._closed:
                pushed = self._pushed
                if seen == scene.version:
                    message = BEAT
                elif seen is not None and scene.version == seen + 1:
                    message = scene.delta
                else:
                    message = scene.snapshot()
                seen = scene.version
                yield message
                await self._until_new(scene, seen, pushed)
        finally:
            scene.viewers -= 1
            if scene.viewers == 0:
                self._scenes.pop(scope, None)

    def close(self) -> None:
        """Let every viewer go, so that the server can stop."""
        self._closed = True
        self._tell_all()

    def _advance(self, scope: Scope, scene: _Scene) -> bool:
        try:
            return scene.advance(self._compose(scope))
        except Unknown:
            # It has left the view while somebody looks at it: the page keeps what it shows.
            return False

    async def _until_new(self, scene: _Scene, seen: int, pushed: asyncio.Event) -> None:
        """Wait until the scene has moved on from `seen`, the hub is closed, or the next beat is due."""
        try:
            async with asyncio.timeout(BEAT_S):
                while scene.version == seen and not self._closed:
                    await pushed.wait()
                    pushed = self._pushed
        except TimeoutError:
            return

    def _tell_all(self) -> None:
        pushed, self._pushed = self._pushed, asyncio.Event()
        pushed.set()
