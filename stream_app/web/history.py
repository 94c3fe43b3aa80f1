"""Matches that the view no longer holds, put together from the evaluation log."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from stream_app.events import Evaluation, Prediction
from stream_app.topics import EVALUATIONS, PREDICTIONS
from stream_app.web.competition import MatchView, match_of
from stream_app.web.frame import Unknown
from stream_app.web.log_store import LogStore
from stream_app.web.view import read_event

log = logging.getLogger(__name__)

_TOPIC_OF = {"prediction": PREDICTIONS, "evaluation": EVALUATIONS, "correction": EVALUATIONS}


async def match_on_record(store: LogStore | None, competition: str, match_id: str) -> MatchView:
    """The match `match_id` of `competition` as the log has it.

    Raises
    ------
    Unknown
        The log has nothing of it, or there is no log.
    Retryable
        The database does not answer.
    """
    if store is None:
        raise Unknown(
            f"The match {match_id!r} is not among those held here: the open ones and the last ones that have ended. "
            "Older ones come from the database, once STREAM_APP_DATABASE_URL names one."
        )
    match: MatchView | None = None
    for message in await store.match(competition, match_id):
        try:
            event = read_event(_TOPIC_OF[message.event_type], message.payload)
        except ValidationError as error:
            about = {"competition": competition, "match_id": match_id}
            log.warning("a row of match %r cannot be shown: %s", match_id, error, extra=about)
            continue
        if isinstance(event, Prediction | Evaluation):
            match = match or match_of(event)
            match.take(event)
    if match is None:
        raise Unknown(f"Neither the topics nor the evaluation log have anything of a match {match_id!r}.")
    return match
