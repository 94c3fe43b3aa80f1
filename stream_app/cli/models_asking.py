"""The commands of `stream-app models` that ask the workers for something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from stream_app.cli.models_common import (
    PATIENCE_S,
    AsJson,
    Competition,
    Model,
    OptionalModel,
    Patience,
    Proposal,
    Version,
    Who,
    Why,
    ask_for,
    command_for,
    moment_of,
    print_answer,
    print_json,
    service,
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for name, body in COMMANDS.items():
        app.command(name)(body)


def approve(
    competition: Competition,
    why: Why,
    proposal: Proposal = None,
    model: OptionalModel = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Carry out a proposal: the challenger becomes champion."""
    ask_for(command_for("approve", competition, why, who, model=model, proposal_id=proposal), timeout, as_json)


def reject(
    competition: Competition,
    why: Why,
    proposal: Proposal = None,
    model: OptionalModel = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Turn a proposal down; the champion stays."""
    ask_for(command_for("reject", competition, why, who, model=model, proposal_id=proposal), timeout, as_json)


def promote(
    competition: Competition,
    model: Model,
    why: Why,
    version: Version = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Make a version champion, whatever the evidence says."""
    ask_for(command_for("promote", competition, why, who, model=model, version=version), timeout, as_json)


def rollback(
    competition: Competition,
    why: Why,
    model: OptionalModel = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Take the last change of champion back, or with --model the last reinforcement of that model."""
    ask_for(command_for("rollback", competition, why, who, model=model), timeout, as_json)


def freeze(
    competition: Competition,
    why: Why,
    model: OptionalModel = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Stop a model from learning; without --model, keep the whole line-up as it is."""
    ask_for(command_for("freeze", competition, why, who, model=model), timeout, as_json)


def unfreeze(
    competition: Competition,
    why: Why,
    model: OptionalModel = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Let a model learn again, or the line-up change again. What was not learned in between stays so."""
    ask_for(command_for("unfreeze", competition, why, who, model=model), timeout, as_json)


def reinforce(
    competition: Competition,
    why: Why,
    model: OptionalModel = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Look for a better version of a model, else of the champion; it is taken only if it is significantly better."""
    ask_for(command_for("reinforce", competition, why, who, model=model), timeout, as_json)


def retire(
    competition: Competition,
    model: Model,
    why: Why,
    version: Version = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Let a model predict no more; its record stays. The champion cannot be retired."""
    ask_for(command_for("retire", competition, why, who, model=model, version=version), timeout, as_json)


def register_model(
    competition: Competition,
    model: Model,
    why: Why,
    algorithm: Annotated[str | None, typer.Option(help="Its kind; the one called as the model when absent.")] = None,
    experimental: Annotated[bool, typer.Option(help="It only looks on, and is never proposed.")] = False,
    artefact: Annotated[
        Path | None, typer.Option(help="A signed file of `stream-app train`: what it has learned before.")
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(
            help="With --artefact: it knows the matches up to this kickoff already, and learns those after it."
        ),
    ] = None,
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Bring a new version into a competition, with no restart, and without missing or repeating a match.

    Reads the whole history of the competition from the match-log here, beside the workers, and hands the state over:
    from then on it predicts, and from then on it is compared with the champion. When this is interrupted, the same
    command goes on where it ended.
    """
    import asyncio

    from rich.console import Console
    from rich.progress import Progress

    from stream_app.registrar.catching_up import LateComer, Where

    bootstrap, settings = service()
    key = settings.snapshot_key.get_secret_value().encode()
    start = None if artefact is None else _start(artefact, key)
    if start is not None and algorithm is None:
        algorithm = start.algorithm
    if after is not None and start is None:
        from stream_app.errors import InvalidInput

        raise InvalidInput(f"--after {after}: is for a model that comes with --artefact")
    command = command_for(
        "register",
        competition,
        why,
        who,
        model=model,
        algorithm=algorithm,
        alias="experimental" if experimental else "challenger",
    )
    where = Where(bootstrap, settings.partitions, settings.data_dir, key, timeout)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("match-log", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        comer = LateComer(where, command, progress, start, None if after is None else moment_of(after))
        told = asyncio.run(comer.come())
    print_answer(told, as_json)


def bring_in(
    competition: Competition,
    why: Why,
    file: Annotated[Path, typer.Argument(help="A file of `models export`.")] = Path("model_registry.json"),
    who: Who = None,
    timeout: Patience = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Bring the models of a file into a competition: register those that are missing, and promote its champion.

    States are not in the file: what is registered learns from the competition's own history. The rules of promotion
    are settings of the workers; where they differ, it tells which to set. With --json it prints an object for every
    answer of the workers, and as the last one the settings to set.
    """
    import asyncio

    from stream_app.registrar.reading import registry_of
    from stream_app.registrar.registry_file import SETTING_OF, read_file

    wanted = read_file(file)
    bootstrap, _ = service()
    registry = asyncio.run(registry_of(bootstrap, competition))
    at_work = {line["model"]: line for line in registry["versions"] if line["status"] == "running"}
    for it in wanted.models:
        if it.model not in at_work:
            register_model(
                competition,
                it.model,
                why,
                algorithm=it.algorithm,
                experimental=it.alias == "experimental",
                artefact=None,
                after=None,
                who=who,
                timeout=timeout,
                as_json=as_json,
            )
    champion = wanted.models[0].model
    if registry["champion"]["model"] != champion:
        promote(competition, champion, why, who=who, timeout=timeout, as_json=as_json)
    differing = {rule: value for rule, value in wanted.rules.items() if registry["policy"][rule] != value}
    if as_json:
        print_json({"settings": {f"STREAM_APP_{SETTING_OF[rule].upper()}": it for rule, it in differing.items()}})
        return
    for rule, value in differing.items():
        typer.echo(
            f"To have {rule} {value} (now {registry['policy'][rule]}), set STREAM_APP_{SETTING_OF[rule].upper()}."
        )


def _start(path: Path, key: bytes) -> Any:
    """What a signed file holds."""
    from stream_app.durability.artefact import ArtefactRefused, open_sealed
    from stream_app.errors import InvalidInput

    try:
        return open_sealed(path.read_bytes(), key)
    except OSError as error:
        raise InvalidInput(f"--artefact {path}: {error.strerror}; wanted a file of `stream-app train`") from None
    except ArtefactRefused as refused:
        raise InvalidInput(f"--artefact {path}: {refused}") from None


COMMANDS: Mapping[str, Callable[..., None]] = {
    "approve": approve,
    "reject": reject,
    "promote": promote,
    "rollback": rollback,
    "freeze": freeze,
    "unfreeze": unfreeze,
    "reinforce": reinforce,
    "retire": retire,
    "register": register_model,
    "import": bring_in,
}
