"""What the live view holds of the models of one competition: their registry, their history, and their evidence."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.evaluation.calibration import Calibration
from stream_app.events import Comparison, Evaluation, LeagueConfig, ModelEvent, Prediction, Registry, Score, VersionLine
from stream_app.web.recent import Newest
from stream_app.web.trials import TrialLine

EVENTS = 300
VERSIONS = 64
"""Versions of which a reliability diagram and a line of evidence are held: those scored last."""

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
        self._reigning = ""

    def take_event(self, event: ModelEvent) -> None:
        """Add to the history."""
        self.events.put(event.event_id, event)

    def take_evaluation(self, evaluation: Evaluation, sealed: Prediction | None) -> None:
        """Count a match when it is first scored; later corrections change nothing here.

        `sealed` is the prediction that was scored, where it is held: forecasts that it calls blocked are no evidence.
        """
        outcome = evaluation.outcome
        if evaluation.status != "final" or outcome is None:
            return
        for score in evaluation.models:
            key = version_key(score.model, score.version)
            calibration = self._calibrations.get(key) or Calibration()
            calibration.add(score.probabilities, outcome)
            self._calibrations.put(key, calibration)
        blocked = {
            (forecast.model, forecast.version)
            for forecast in (sealed.models if sealed else ())
            if forecast.status == "blocked"
        }
        contenders = [score for score in evaluation.models if (score.model, score.version) not in blocked]
        champion = self._champion(evaluation, contenders)
        if champion is None:
            return
        reigning = version_key(champion.model, champion.version)
        if reigning != self._reigning:
            self._reigning, self._trials = reigning, Newest(VERSIONS)
        for score in contenders:
            if score is not champion:
                key = version_key(score.model, score.version)
                trial = self._trials.get(key) or TrialLine(champion, score, self._alpha())
                trial.add(champion, score, outcome)
                self._trials.put(key, trial)

    def _champion(self, evaluation: Evaluation, scores: Sequence[Score]) -> Score | None:
        """The forecast of the present champion; None where it has none, or came to the throne later.

        A match may have been foretold under another champion, and counts for the present one all the same.
        """
        reign = None if self.registry is None else self.registry.champion
        if reign is None:
            return next((score for score in scores if score.alias == "champion"), None)
        if reign.since is not None and evaluation.evaluated_at < reign.since:
            return None
        version = (reign.model, reign.version)
        return next((score for score in scores if (score.model, score.version) == version), None)

    def calibration(self, model: str, version: int) -> Calibration | None:
        """How well the probabilities of a version keep what they promise; None when nothing of it was scored."""
        return self._calibrations.get(version_key(model, version))

    def trials(self) -> list[TrialLine]:
        """The evidence of every challenger at work against the present champion, by name."""
        at_work = {version_key(line.model, line.version) for line in self.running()}
        held = [trial for key, trial in self._trials.items() if self.registry is None or key in at_work]
        return sorted(held, key=lambda trial: (trial.challenger, trial.challenger_version))

    def pairs_of(self, together: Sequence[Comparison]) -> list[Comparison]:
        """Those of the comparisons of all competitions that are of the champion and the challengers at work here."""
        champion = None if self.registry is None else self.registry.champion
        at_work = {line.model for line in self.running()}
        return [
            line for line in together if champion and line.champion == champion.model and line.challenger in at_work
        ]

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
        alpha = policy.get("alpha", ALPHA)
        return alpha if isinstance(alpha, float) and 0.0 < alpha < 1.0 else ALPHA


def version_key(model: str, version: int) -> str:
    """A version's name in its competition."""
    return f"{model} {version}"
