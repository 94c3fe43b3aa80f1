"""`stream-app dead-letters`: look at what was refused, mend it, send it again or give it up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream_app.errors import InvalidInput

if TYPE_CHECKING:
    from stream_app.letters.cases import Case, Filter
    from stream_app.letters.office import Mended, Office, Outcome

Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Ids, or their beginnings, as `list` shows them.", metavar="[ID]...", show_default=False),
]
FromTopic = Annotated[str | None, typer.Option("--topic", help="Only letters that came from this topic.")]
Competition = Annotated[str | None, typer.Option(help="Only letters with this key.")]
ErrorText = Annotated[str | None, typer.Option("--error", help="Only letters with this in their reason, in any case.")]
Since = Annotated[str | None, typer.Option(help="Only letters since this moment, such as 2026-05-15T16:15Z.")]
All = Annotated[bool, typer.Option("--all", help="All open letters; without it, name ids or filters.")]
By = Annotated[str | None, typer.Option(help="Who decides. Default: the user of this machine.", show_default=False)]
Why = Annotated[str | None, typer.Option(help="For what reason; kept with the decision.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for each letter, one a line.")]

SHOWN = 100


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Messages that were refused: look at them, mend them, send them again or give them up. A letter is"
        " replayed once, whoever tries and whatever dies.",
    )
    group.command("list")(list_letters)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("discard")(discard)
    app.add_typer(group, name="dead-letters")


def list_letters(
    topic: FromTopic = None,
    competition: Competition = None,
    error: ErrorText = None,
    since: Since = None,
    state: Annotated[str, typer.Option(help="open, claimed, replayed, discarded or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, help="Show so many, the newest.")] = SHOWN,
    as_json: Json = False,
) -> None:
    """List dead letters, the oldest first: open ones, unless another --state is asked for."""
    import asyncio

    chosen = _filter((), topic, competition, error, since, _states(state))
    cases = asyncio.run(_chosen(_office(None, None), chosen))
    shown = cases[-limit:]
    if as_json:
        for case in shown:
            _print(_short(case))
        return
    for case in shown:
        letter = case.letter
        typer.echo(
            f"{letter.id[:13]}  {letter.received:%Y-%m-%d %H:%M}  {case.state:9}  {letter.topic}"
            f"/{letter.partition}/{letter.offset}  {letter.competition or '-'}: {letter.error}"
        )
    more = f", the newest {len(shown)} shown" if len(shown) < len(cases) else ""
    typer.echo(f"{len(cases)} {'' if state == 'all' else state + ' '}dead letters{more}", err=True)


def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The id, or its beginning.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
) -> None:
    """Show one dead letter: the message as it was received, the reason, and what became of it."""
    import asyncio

    from stream_app.letters.mending import pretty, text

    office = _office(None, None)

    async def read() -> tuple[Case, dict[str, str]]:
        [case] = await _chosen(office, _filter((letter_id,), None, None, None, None, ()))
        return case, await office.history(case.letter)

    case, headers = asyncio.run(read())
    full = _short(case) | {
        "value": text(case.letter.value),
        "headers_of_the_message": headers,
        "decisions": [
            {"action": it.action, "by": it.by, "why": it.why, "at": it.at.isoformat(), "edited": it.edited}
            for it in case.decisions
        ],
    }
    if as_json:
        _print(full)
        return
    for name, value in full.items():
        if name not in ("value", "decisions") and value not in ({}, None):
            typer.echo(f"{name:>22}  {value}")
    for it in case.decisions:
        reason = f": {it.why}" if it.why else ""
        typer.echo(f"{it.action:>22}  by {it.by} at {it.at:%Y-%m-%d %H:%M:%S} UTC{reason}")
    typer.echo(pretty(case.letter.value))


def replay(
    ids: Ids = None,
    topic: FromTopic = None,
    competition: Competition = None,
    error: ErrorText = None,
    since: Since = None,
    everything: All = False,
    edit: Annotated[bool, typer.Option("--edit", help="Open each message in $EDITOR first.")] = False,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", help="FIELD=JSON: give a field this value, such as --set home_goals=2. May come again."),
    ] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", help="Leave this field out. May come again.")] = None,
    by: By = None,
    why: Why = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Send open dead letters again, into the topics that they came from, mended where that is asked for.

    The message gets the competition that it names as its key, and headers that tell which letter it was. One that would
    be refused again is not sent. The exit code is 1 when a letter that was named was not replayed.

    Examples: stream-app dead-letters replay 7e57c0de --set home_goals=2
              stream-app dead-letters replay --topic match-results --error "home_goals" --edit
    """
    import asyncio

    from stream_app.letters.mending import changes

    wanted = _filter(ids or (), topic, competition, error, since, () if ids else ("open", "claimed"))
    _require_choice(ids, (topic, competition, error, since), everything)
    wanted_changes = changes(fields or (), drop or ())
    office = _office(by, why)

    async def work() -> list[Outcome]:
        mended, refused = _mended(await _chosen(office, wanted), wanted_changes, edit)
        if dry_run:
            return refused + [_would(message) for message in mended]
        return refused + (await office.replay(mended) if mended else [])

    _report(asyncio.run(work()), good=("replayed", "already replayed"), as_json=as_json)


def discard(
    ids: Ids = None,
    topic: FromTopic = None,
    competition: Competition = None,
    error: ErrorText = None,
    since: Since = None,
    everything: All = False,
    by: By = None,
    why: Why = None,
    as_json: Json = False,
) -> None:
    """Give open dead letters up: they are no longer listed, and never replayed.

    Example: stream-app dead-letters discard --error "not JSON" --why "a test of the feed"
    """
    import asyncio

    wanted = _filter(ids or (), topic, competition, error, since, () if ids else ("open",))
    _require_choice(ids, (topic, competition, error, since), everything)
    office = _office(by, why)

    async def work() -> list[Outcome]:
        return await office.discard(await _chosen(office, wanted))

    _report(asyncio.run(work()), good=("discarded",), as_json=as_json)


def _office(by: str | None, why: str | None) -> Office:
    import getpass

    from stream_app.connections import bootstrap_servers
    from stream_app.letters.office import Office
    from stream_app.settings import settings

    for name, text in (("--by", by), ("--why", why)):
        if text is not None and not (text.strip() == text and text.isprintable() and 1 <= len(text) <= 200):
            raise InvalidInput(f"{name} {text[:80]!r}: wanted 1 to 200 characters that can be printed")
    return Office(bootstrap_servers(settings()), by=by or getpass.getuser(), why=why)


def _filter(
    ids: Sequence[str],
    topic: str | None,
    competition: str | None,
    error: str | None,
    since: str | None,
    states: Sequence[Any],
) -> Filter:
    from datetime import UTC, datetime

    from stream_app.letters.cases import Filter

    moment = None
    if since is not None:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError:
            raise InvalidInput(f"--since {since!r}: wanted a moment such as 2026-05-15T16:15Z") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Filter(ids, topic, competition, error, moment, states)


def _states(text: str) -> Sequence[str]:
    if text == "all":
        return ()
    if text not in ("open", "claimed", "replayed", "discarded"):
        raise InvalidInput(f"--state {text!r}: wanted open, claimed, replayed, discarded or all")
    return (text,)


def _require_choice(ids: Sequence[str] | None, filters: Sequence[str | None], everything: bool) -> None:
    if not (ids or any(filters) or everything):
        raise InvalidInput("no letter is named: wanted ids, a filter such as --topic or --error, or --all")


async def _chosen(office: Office, wanted: Filter) -> list[Case]:
    from stream_app.letters.cases import choose

    return choose(await office.cases(), wanted)


def _mended(cases: Sequence[Case], changes: dict[str, Any], edit: bool) -> tuple[list[Mended], list[Outcome]]:
    import orjson

    from stream_app.letters.mending import changed, edited
    from stream_app.letters.office import Outcome, mend
    from stream_app.settings import settings

    mended: list[Mended] = []
    refused: list[Outcome] = []
    for case in cases:
        try:
            value = case.letter.value
            if changes:
                value = changed(value, changes)
            if edit:
                value = edited(value)
            try:
                fields = orjson.loads(value or b"")
            except orjson.JSONDecodeError:
                fields = None
            competition = fields.get("competition") if isinstance(fields, dict) else None
            mended.append(
                mend(
                    case,
                    value,
                    competition if isinstance(competition, str) else None,
                    max_bytes=settings().max_message_bytes,
                )
            )
        except InvalidInput as error:
            refused.append(Outcome(case.letter.id, "refused", str(error)))
    return mended, refused


def _short(case: Case) -> dict[str, Any]:
    from stream_app.letters.mending import text

    letter = case.letter
    return {
        "id": letter.id,
        "state": case.state,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "key": text(letter.key),
        "received": letter.received.isoformat(),
        "error": letter.error,
    }


def _would(message: Mended) -> Outcome:
    from stream_app.letters.mending import text
    from stream_app.letters.office import Outcome

    return Outcome(
        message.case.letter.id, "replayed", f"would go into {message.case.letter.topic}: {text(message.value)}"
    )


def _report(outcomes: Sequence[Outcome], *, good: Sequence[str], as_json: bool) -> None:
    from dataclasses import asdict

    for outcome in outcomes:
        if as_json:
            _print(asdict(outcome))
        else:
            typer.echo(f"{outcome.letter_id[:13]}  {outcome.fate}" + (f": {outcome.reason}" if outcome.reason else ""))
    done = sum(outcome.fate in good for outcome in outcomes)
    typer.echo(f"{done} of {len(outcomes)} dead letters done", err=True)
    if done < len(outcomes):
        raise typer.Exit(1)


def _print(fields: dict[str, Any]) -> None:
    import orjson

    typer.echo(orjson.dumps(fields).decode())
