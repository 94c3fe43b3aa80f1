"""What a soak has to show, from what was sampled and counted: pure figures, no processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

GROWTH = 0.05
"""By how much the median of a process's memory may be larger in the last quarter of a soak than in the second one. In
the first quarter every store fills; from then on, nothing but a leak makes a process grow for good."""

FEWEST_SAMPLES = 8
"""Two in each quarter."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen at one moment.

    Attributes
    ----------
    at_s
        Seconds after the traffic began.
    mib
        Resident memory of each process, in MiB.
    behind
        Messages that each group of consumers has not marked as read.
    """

    at_s: float
    mib: Mapping[str, float]
    behind: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Memory:
    """Medians of a process's resident memory, in MiB, in the second and in the last quarter of the samples."""

    second: float
    last: float

    @property
    def growth(self) -> float:
        """Change from the second quarter to the last, as a share of the second."""
        return self.last / self.second - 1.0


@dataclass(frozen=True, slots=True)
class Soak:
    """A soak that has come to its end.

    Attributes
    ----------
    sent
        Matches of which both features and result were sent.
    found
        Different predictions and evaluations at each place where they have to be.
    records
        Records of predictions and evaluations in the topics; more of them than were sent are repetitions.
    dead_letters
        Messages that were refused.
    left
        Messages that were never read, by group.
    ends
        Ends of processes, each as a sentence. After one, what was not on record is said again, so records may repeat.
    judged
        The processes whose memory has to be flat. The others have a limit of their own that they fill slowly: the
        broker's heap, the database's shared buffers.
    """

    samples: Sequence[Sample]
    sent: int
    found: Mapping[str, Mapping[str, int]]
    records: Mapping[str, int]
    dead_letters: int
    left: Mapping[str, int]
    judged: Sequence[str]
    ends: Sequence[str] = ()

    def memory(self) -> dict[str, Memory]:
        """Every process's memory in the second and in the last quarter. Raises ValueError with too few samples."""
        if len(self.samples) < FEWEST_SAMPLES:
            raise ValueError(f"{len(self.samples)} samples, wanted {FEWEST_SAMPLES} or more")
        quarter = len(self.samples) // 4
        second, last = self.samples[quarter : 2 * quarter], self.samples[-quarter:]
        return {
            name: Memory(median(it.mib[name] for it in second), median(it.mib[name] for it in last))
            for name in self.samples[0].mib
        }

    def failures(self) -> list[str]:
        """What does not hold, each as a sentence; none when everything does."""
        told = list(self.ends)
        for name, memory in self.memory().items():
            if name in self.judged and memory.growth > GROWTH:
                told.append(
                    f"{name} grew by {memory.growth:.1%}, from {memory.second:.0f} to {memory.last:.0f} MiB:"
                    f" at the most {GROWTH:.0%} is flat"
                )
        for place, kinds in self.found.items():
            told += [
                f"{place}: {count:,} different {kind} for {self.sent:,} matches"
                for kind, count in kinds.items()
                if count != self.sent
            ]
        told += [
            f"{kind}: {count:,} records for {self.sent:,} matches though nothing died"
            for kind, count in self.records.items()
            if count != self.sent and not self.ends
        ]
        told += [f"{name} has left {count:,} messages unread" for name, count in self.left.items() if count]
        if self.dead_letters:
            told.append(f"{self.dead_letters:,} messages were refused")
        return told

    def to_json(self) -> dict[str, object]:
        """The whole soak, for programs."""
        return {
            "holds": not self.failures(),
            "failures": self.failures(),
            "sent": self.sent,
            "found": self.found,
            "records": self.records,
            "dead_letters": self.dead_letters,
            "left": self.left,
            "memory": {
                name: {
                    "second_quarter_mib": round(memory.second, 1),
                    "last_quarter_mib": round(memory.last, 1),
                    "growth": round(memory.growth, 4),
                    "judged": name in self.judged,
                }
                for name, memory in self.memory().items()
            },
            "samples": self.samples,
        }
