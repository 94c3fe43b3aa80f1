"""What people ask of the models on a bad day: sensible or not, more than once, and with states that are not theirs."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stream_app.durability.artefact import as_text, seal
from stream_app.events import Action, ModelCommand
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.zoo import create

SIGNING_KEY = b"of the harness"
"""With this the states that are handed over are signed, and the service's snapshots."""

AT_WORK = ("elo_softmax", "base_rate")
LATE = "naive_bayes_v1"
"""Model that is registered before a competition begins, and whose state is handed over when it goes on."""
UNKNOWN = "wonder"

AGAIN_SHARE = 0.15
FORGED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """A command; one that is `forged` carries a state that somebody else has signed."""

    command: ModelCommand
    forged: bool = False


class Asking:
    """All that is asked of the models of one competition."""

    def __init__(self, competition: str, seed: int) -> None:
        self._competition = competition
        self._rng = random.Random(f"commands/{competition}/{seed}")
        self._asked: list[Asked] = []

    def at(self, moment: datetime) -> Asked:
        """The next command, issued at `moment`."""
        asked = self._next(moment)
        self._asked.append(asked)
        return asked

    def _next(self, moment: datetime) -> Asked:
        if not self._asked:
            # Before the first match there is nothing to have learned, so that the right state is known beforehand.
            return Asked(self._command("register", moment - timedelta(days=1), model=LATE))
        if len(self._asked) == 1:
            return Asked(self._hand_over(moment, SIGNING_KEY))
        share = self._rng.random()
        if share < AGAIN_SHARE:
            again = self._rng.choice(self._asked)
            if self._rng.random() < 0.5:
                return again
            # Somebody makes another command under an id that is taken.
            return Asked(replace(self._any(moment), command_id=again.command.command_id))
        if share < AGAIN_SHARE + FORGED_SHARE:
            return Asked(self._hand_over(moment, b"of somebody else"), forged=True)
        return Asked(self._any(moment))

    def _any(self, moment: datetime) -> ModelCommand:
        rng, ask = self._rng, self._command
        model = rng.choice((*AT_WORK, *AT_WORK, LATE, UNKNOWN))
        wishes: dict[Callable[[], ModelCommand], int] = {
            lambda: ask("promote", moment, model=model): 5,
            lambda: ask("promote", moment, model=model, version=rng.randint(1, 3)): 1,
            lambda: ask("rollback", moment): 3,
            lambda: ask("rollback", moment, model=model): 1,
            lambda: ask("freeze", moment, model=rng.choice((model, None))): 2,
            lambda: ask("unfreeze", moment, model=rng.choice((model, None))): 4,
            lambda: ask("reinforce", moment, model=model): 2,
            lambda: ask("propose", moment, model=model, version=1, evidence={"e_better": 20.5, "told": True}): 3,
            lambda: ask("approve", moment, model=model): 2,
            lambda: ask("reject", moment, model=model): 1,
            lambda: ask("register", moment, model=rng.choice(AT_WORK), alias="experimental"): 1,
            lambda: ask("retire", moment, model=model): 1,
            lambda: ask("register", moment, model=UNKNOWN, algorithm=UNKNOWN): 1,
            lambda: self._hand_over(moment, SIGNING_KEY): 1,
        }
        return rng.choices(list(wishes), list(wishes.values()))[0]()

    def _hand_over(self, moment: datetime, key: bytes) -> ModelCommand:
        state = Handover(self._competition, Contender(LATE, 1), LATE, create(LATE), Knowledge(), Knowledge())
        return self._command("handover", moment, model=LATE, version=1, artefact=as_text(seal(state, key)))

    def _command(self, action: Action, moment: datetime, **more: object) -> ModelCommand:
        return ModelCommand(
            command_id=str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            competition=self._competition,
            action=action,
            issued_at=moment,
            who="chaos",
            why="to see what happens",
            **more,  # type: ignore[arg-type]  # fields of the command
        )
