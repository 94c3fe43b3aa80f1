"""What the live view holds of the models of one competition: their registry, their history, and their evidence."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.evaluation.calibration import Calibration
from stream_app.events import Evaluation, LeagueConfig, ModelEvent, Registry, VersionLine
from stream_app.web.recent import Newest
from stream_app.web.trials import TrialLine

EVENTS = 300
VERSIONS = 64
"""Versions of which a reliability diagram, and pairs of them of which a line is held: those scored last."""

ALPHA = LeagueConfig().promote_alpha
"""Until the registry says under which rules a competition promotes."""

RUNNING = ("running", "catching_up")


class LineUp:
    """The models of one competition."""

    def __init__(self) -> None:
        self.registry: Registry | None = None
        self.events: Newest[ModelEvent] = Newest(EVENTS)
        self._calibrations: Newest[Calibration] = Newest(VERSIONS)
        self._trials: Newest[TrialLine] = Newest(VERSIONS)

    def take_event(self, event: ModelEvent) -> None:
        """Add to the history."""
        self.events.put(event.event_id, event)

    def take_evaluation(self, evaluation: Evaluation) -> None:
        """Count a match when it is first scored; later corrections change nothing here."""
        outcome = evaluation.outcome
        if evaluation.status != "final" or outcome is None:
            return
        champion = next((score for score in evaluation.models if score.alias == "champion"), None)
        for score in evaluation.models:
            key = version_key(score.model, score.version)
            calibration = self._calibrations.get(key) or Calibration()
            calibration.add(score.probabilities, outcome)
            self._calibrations.put(key, calibration)
            if champion is None or score is champion:
                continue
            pair = f"{version_key(champion.model, champion.version)} {key}"
            trial = self._trials.get(pair) or TrialLine(champion, score, self._alpha())
            trial.add(champion, score, outcome)
            self._trials.put(pair, trial)

    def calibration(self, model: str, version: int) -> Calibration | None:
        """How well the probabilities of a version keep what they promise; None when nothing of it was scored."""
        return self._calibrations.get(version_key(model, version))

    def trials(self) -> list[TrialLine]:
        """The evidence of every challenger at work against the champion of the last scored match, by name."""
        newest = self._trials.newest_first()
        champion = (newest[0].champion, newest[0].champion_version) if newest else None
        at_work = [trial for trial in newest if (trial.champion, trial.champion_version) == champion]
        return sorted(at_work, key=lambda trial: (trial.challenger, trial.challenger_version))

    def outcome_of(self, command_id: str) -> list[ModelEvent]:
        """What became of a command, the first event first; nothing when it was not answered yet."""
        answers = [event for event in self.events.newest_first() if event.command_id == command_id]
        return sorted(answers, key=lambda event: event.number)

    def running(self) -> Sequence[VersionLine]:
        """The versions that predict or are about to, champion first, then by part and name."""
        if self.registry is None:
            return ()
        parts = ("champion", "challenger", "experimental", None)
        lines = [line for line in self.registry.versions if line.status in RUNNING]
        return sorted(lines, key=lambda line: (parts.index(line.alias), line.model, line.version))

    def _alpha(self) -> float:
        policy = {} if self.registry is None else self.registry.policy
        alpha = policy.get("promote_alpha", ALPHA)
        return alpha if isinstance(alpha, float) and 0.0 < alpha < 1.0 else ALPHA


def version_key(model: str, version: int) -> str:
    """A version's name in its competition."""
    return f"{model} {version}"
