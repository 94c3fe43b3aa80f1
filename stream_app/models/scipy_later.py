"""River without the SciPy that nothing here calls: half a second less until a worker that was killed is back.

River's modules import SciPy's statistics, sparse matrices and more at their top, for a few estimators, tests and
distributions that no model of this package uses. To import that costs twice what River itself does. While River is
imported here, stand-ins take its place; whoever does use one afterwards gets the real thing, imported at that moment.
Seen with River 0.26.1 and SciPy 1.17.1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

STAND_INS = (
    "scipy.integrate",
    "scipy.io.arff",
    "scipy.io.arff._arffread",
    "scipy.ndimage",
    "scipy.sparse",
    "scipy.special",
    "scipy.stats",
)
"""What River imports of SciPy at the top of its modules."""


class _Later:
    """Stands for something in a module, until it is called or asked for anything."""

    def __init__(self, module: str, name: str) -> None:
        self._place = module, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._real()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def _real(self) -> Any:
        module, name = self._place
        return getattr(import_module(module), name)


class _StandIn(ModuleType):
    """Stands for a module; what is taken from it while it is in its place comes later, too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            return _Later(self.__name__, name)
        return getattr(import_module(self.__name__), name)


@contextmanager
def _stand_ins() -> Iterator[None]:
    put = {name: _StandIn(name) for name in STAND_INS if name not in sys.modules}
    sys.modules.update(put)
    try:
        yield
    finally:
        for name in put:
            del sys.modules[name]


with _stand_ins():
    import_module("river.drift")
    import_module("river.forest")
    import_module("river.linear_model")
    import_module("river.metrics")
    import_module("river.naive_bayes")
    import_module("river.optim")
    import_module("river.preprocessing")
    import_module("river.proba")
    import_module("river.stats")
    import_module("river.tree")
