"""What a run is to be, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from tests.chaos.checker import Verdict
from tests.chaos.fleet import Fleet

MODELS = "elo_softmax,base_rate"
"""The lightest ones: what is looked for here is lost between models and topics, not in a model."""

Say = Callable[[str], None]


class Stuck(Exception):
    """The service does not go on. The text says what was waited for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to be.

    `rate` is in messages a second, `kills` the number of deaths and stops to inflict. Before the other blows the broker
    is away for `away_s` seconds, unless that is 0. `patience` is how many times as long as on a machine of its own
    everything may take.
    """

    kills: int
    seed: int
    rate: float
    competitions: int
    models: str = MODELS
    away_s: float = 0.0
    patience: float = 1.0


@dataclass
class Run:
    """What came of a run.

    `restarts` are seconds from SIGKILL to the first new output of a static member that is started again at once,
    `takeovers` those until another worker publishes for its partitions, `returns` those from the return of a broker
    that was away for long.
    """

    plan: Plan
    fleet: Fleet
    verdict: Verdict = field(default_factory=Verdict)
    samples: int = 0
    moved_back: int = 0
    restarts: list[float] = field(default_factory=list)
    takeovers: list[float] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
    stuck: str = ""
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        """Deaths and stops that were inflicted."""
        return self.fleet.kills.total()

    @property
    def holds(self) -> bool:
        """Whether everything that was to be shown has been shown."""
        return self.verdict.holds and not self.stuck and self.kills >= self.plan.kills

    def last_line(self) -> str:
        """The whole run in one line."""
        it = self.verdict
        counts = it.findings.counts
        return (
            f"chaos: {self.kills} kills, {it.events} events, {counts['lost']} lost, {counts['doubled']} doubled, "
            f"{counts['differing']} differing, {it.dead_lettered} poison dead-lettered of {it.poison}"
        )

    def to_json(self) -> dict[str, object]:
        """The report for programs."""
        it = self.verdict
        return {
            "holds": self.holds,
            "seed": self.plan.seed,
            "kills": self.kills,
            "kills_by_kind": {str(kind): times for kind, times in self.fleet.kills.most_common()},
            "events": it.events,
            "lost": it.findings.counts["lost"],
            "doubled": it.findings.counts["doubled"],
            "differing": it.findings.counts["differing"],
            "findings": it.findings.examples,
            "poison": it.poison,
            "poison_dead_lettered": it.dead_lettered,
            "outputs": it.outputs,
            "repeats": it.repeats,
            "commands": dict(sorted(it.commands.items())),
            "snapshots_compared": it.snapshots,
            "snapshots_torn": it.unreadable,
            "commit_samples": self.samples,
            "commits_moved_back": self.moved_back,
            "restart_s": _spread(self.restarts),
            "takeover_s": _spread(self.takeovers),
            "return_s": _spread(self.returns),
            "ends_of_their_own": dict(self.fleet.own_deaths.most_common()),
            "fail_points_not_reached": self.unreached,
            "stuck": self.stuck,
            "seconds": round(self.seconds, 1),
        }


def _spread(figures: list[float]) -> dict[str, float]:
    """Least, median and most of some figures, and how many there are."""
    if not figures:
        return {"n": 0}
    return {
        "n": len(figures),
        "min": round(min(figures), 2),
        "median": round(median(figures), 2),
        "max": round(max(figures), 2),
    }
