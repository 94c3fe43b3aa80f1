"""`stream-app models`: the models of a competition, who is champion and why, and what is asked of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stream_app.cli import models_asking
from stream_app.cli.models_common import AsJson, Competition, OptionalModel, moment_of, print_json, service, written


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        help="The models of a competition: versions, champion, proposals.\n\n"
        "Whatever changes them is a command with a name and a reason. It takes effect at one place of the competition's"
        " order, and the answer is what the worker says has become of it.",
        no_args_is_help=True,
    )
    group.command("list")(show)
    group.command("at")(at)
    group.command("history")(history)
    group.command("diff")(diff)
    group.command("export")(export)
    models_asking.register(group)
    app.add_typer(group, name="models")


def show(
    competition: Annotated[str | None, typer.Option("--competition", "-c", help="This competition only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every version: its part, what it learned, how it stands, and the proposals that wait."""
    import asyncio

    from stream_app.registrar.reading import registries, registry_of

    bootstrap, _ = service()
    if competition is None:
        found = asyncio.run(registries(bootstrap))
    else:
        found = {competition: asyncio.run(registry_of(bootstrap, competition))}
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo("There are no models yet: they come with the first match of a competition.")
    for registry in found.values():
        _print_registry(registry)


def at(
    competition: Competition,
    time: Annotated[str, typer.Option(help="A moment as in ISO 8601, such as 2024-03-02T15:00:00Z.")],
    as_json: AsJson = False,
) -> None:
    """Tell which version was champion at a moment, who made it so, and why."""
    import asyncio

    from stream_app.lifecycle.history import champion_at
    from stream_app.registrar.reading import events_of, registry_of

    bootstrap, _ = service()
    moment = moment_of(time)
    registry = asyncio.run(registry_of(bootstrap, competition))
    latest = None if registry["as_of"] is None else moment_of(registry["as_of"])
    event = champion_at(asyncio.run(events_of(bootstrap, competition)), moment, latest)
    if as_json:
        print_json(event)
    elif event is None:
        typer.echo(f"{competition} had no champion yet at {written(moment)}.")
    else:
        typer.echo(
            f"{event.model} {event.version} was champion at {written(moment)}: {event.kind} by {event.who} at"
            f" {written(event.at)}, because: {event.why}"
        )


def history(
    competition: Competition,
    model: OptionalModel = None,
    as_json: AsJson = False,
) -> None:
    """Show all that has become of the models, in its order, the refused commands too."""
    import asyncio

    from stream_app.registrar.reading import events_of

    bootstrap, _ = service()
    events = [it for it in asyncio.run(events_of(bootstrap, competition)) if model in (None, it.model)]
    if as_json:
        print_json(events)
        return
    for it in events:
        about = "line-up" if it.model is None else f"{it.model} {it.version or ''}".strip()
        before = f" after {it.previous_model} {it.previous_version}" if it.previous_model else ""
        reason = f" [{it.reason}]" if it.reason else ""
        typer.echo(f"{it.number:>4}  {written(it.at)}  {it.kind} {about}{before}, by {it.who}: {it.why}{reason}")


def diff(
    first: Annotated[str, typer.Argument(help="A version, as MODEL or MODEL:VERSION.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    competition: Competition,
    as_json: AsJson = False,
) -> None:
    """Show in what two versions differ: settings, birth, what they learned, how they stand and how they compare."""
    import asyncio

    from stream_app.registrar.reading import registry_of

    bootstrap, _ = service()
    registry = asyncio.run(registry_of(bootstrap, competition))
    lines = [_plain(_line_of(registry, name)) for name in (first, second)]
    names = [name for name in lines[0] if lines[0].get(name) != lines[1].get(name)]
    names += [name for name in lines[1] if name not in lines[0]]
    differing = {name: [line.get(name) for line in lines] for name in names}
    pair = {(line["model"], line["version"]) for line in lines}
    compared = [
        it
        for it in registry["comparisons"]
        if {(it["champion"], it["champion_version"]), (it["challenger"], it["challenger_version"])} == pair
    ]
    if as_json:
        print_json({"differing": differing, "comparisons": compared})
        return
    for name, (one, other) in differing.items():
        typer.echo(f"{name}: {_shown(one)} | {_shown(other)}")
    for it in compared:
        typer.echo(
            f"compared in {it['matches']} matches: {it['challenger']} is {it['leaning']} against {it['champion']},"
            f" difference {it['difference']:+.4f} nats a match ({it['lower']:+.4f} to {it['upper']:+.4f})"
        )


def export(
    competition: Competition,
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("model_registry.json"),
    as_json: AsJson = False,
) -> None:
    """Write the models at work and the rules of promotion to a file."""
    import asyncio

    import orjson

    from stream_app.errors import InvalidInput
    from stream_app.registrar.reading import registry_of
    from stream_app.registrar.registry_file import exported

    bootstrap, _ = service()
    content = exported(asyncio.run(registry_of(bootstrap, competition)))
    try:
        file.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}; wanted a file that can be written") from None
    models = len(content["models"])
    if as_json:
        print_json({"file": str(file), "competition": competition, "models": models})
    else:
        typer.echo(f"{models} models of {competition} are in {file}.")


def _print_registry(registry: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    frozen = ", line-up frozen" if registry["frozen"] else ""
    table = Table("model", "version", "part", "learned", "log loss", "against the champion", "born")
    table.title = f"{registry['competition']}, as of {registry['as_of'] or 'the beginning'}{frozen}"
    compared = {(it["challenger"], it["challenger_version"]): it for it in registry["comparisons"]}
    for line in registry["versions"]:
        if line["status"] == "retired":
            continue
        it = compared.get((line["model"], line["version"]))
        part = line["alias"] or line["status"].replace("_", " ")
        table.add_row(
            line["model"],
            str(line["version"]),
            f"{part}, frozen" if line["frozen"] else part,
            f"{line['fingerprint']['matches']:,}",
            f"{line['metrics'][-1]['figures']['log_loss']:.4f}" if line["metrics"] else "",
            "" if it is None else f"{it['leaning']} ({it['difference']:+.4f} in {it['matches']:,})",
            f"{line['born']['how']} by {line['born']['who']}",
        )
    Console().print(table)
    for waiting in registry["proposals"]:
        typer.echo(
            f"Proposal {waiting['proposal_id']}: {waiting['model']} {waiting['version']} in the place of"
            f" {waiting['champion_model']} {waiting['champion_version']}, by {waiting['who']}: {waiting['why']};"
            f" lapses {waiting['expires_at']}"
        )


def _line_of(registry: dict[str, Any], name: str) -> dict[str, Any]:
    """The line of MODEL or MODEL:VERSION: of a model without a version the one at work, else the newest."""
    from stream_app.errors import InvalidInput

    model, _, version = name.partition(":")
    lines: list[dict[str, Any]] = [
        line for line in registry["versions"] if line["model"] == model and version in ("", str(line["version"]))
    ]
    if not lines:
        known = ", ".join(f"{line['model']}:{line['version']}" for line in registry["versions"])
        raise InvalidInput(f"version {name!r}: unknown; wanted one of {known}")
    return max(lines, key=lambda line: (line["status"] == "running", line["version"]))


def _plain(line: dict[str, Any], above: str = "") -> dict[str, Any]:
    """A line with the fields of its parts beside its own, by dotted names; of its history the last point."""
    plain: dict[str, Any] = {}
    for name, value in line.items():
        if name == "metrics":
            value = value[-1] if value else {}
        if isinstance(value, dict):
            plain |= _plain(value, f"{above}{name}.")
        else:
            plain[f"{above}{name}"] = value
    return plain


def _shown(value: object) -> str:
    return "-" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
