"""The registry of a competition as a file that people can read, keep and bring into another competition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from stream_app.errors import InvalidInput

FILE_FORMAT = 1

ROLES = ("champion", "challenger", "experimental")

SETTING_OF = {
    "approval": "approval",
    "scope": "promote_scope",
    "matches": "promote_matches",
    "days": "promote_days",
    "gain": "promote_gain",
    "alpha": "promote_alpha",
    "rollback": "rollback",
}
"""The setting behind each rule of promotion."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model as a file wants it: what it is called, of which kind it is, and which part it is to play."""

    model: str
    algorithm: str
    alias: str


@dataclass(frozen=True, slots=True)
class RegistryFile:
    """What a file says: the models, champion first, and the rules of promotion."""

    models: tuple[Wanted, ...]
    rules: dict[str, float | str]


def exported(registry: dict[str, Any]) -> dict[str, Any]:
    """The file of a registry: the models at work, the champion first, and the rules by which one becomes champion."""
    models = [
        {
            "model": line["model"],
            "version": line["version"],
            "algorithm": line["algorithm"],
            "alias": line["alias"],
            "settings": line["settings"],
            "learned_matches": line["fingerprint"]["matches"],
            "data": line["fingerprint"]["data"],
            "born": line["born"],
            "figures": line["metrics"][-1]["figures"] if line["metrics"] else None,
        }
        for line in registry["versions"]
        if line["status"] == "running"
    ]
    return {
        "format": FILE_FORMAT,
        "competition": registry["competition"],
        "as_of": registry["as_of"],
        "models": models,
        "promotion_rules": registry["policy"],
    }


def read_file(path: Path) -> RegistryFile:
    """What the file at `path` says.

    Raises
    ------
    InvalidInput
        It is not there, or not such a file; the text says what is wrong with it.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; wanted a file from `stream-app models export`") from None
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{path}: is not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FILE_FORMAT:
        raise InvalidInput(
            f"{path}: wanted an object with format {FILE_FORMAT}, as `stream-app models export` writes it"
        )
    listed = content.get("models")
    if not isinstance(listed, list) or not listed:
        raise InvalidInput(f"{path}: models: wanted a list of one model at least")
    models = tuple(_wanted(path, place, entry) for place, entry in enumerate(listed))
    if [it.alias for it in models].count("champion") != 1:
        raise InvalidInput(f"{path}: wanted exactly one model with the alias champion")
    if len({it.model for it in models}) < len(models):
        raise InvalidInput(f"{path}: wanted every model once")
    rules = content.get("promotion_rules", {})
    if not isinstance(rules, dict) or not rules.keys() <= SETTING_OF.keys():
        raise InvalidInput(f"{path}: promotion_rules: wanted none but {', '.join(SETTING_OF)}")
    return RegistryFile(tuple(sorted(models, key=lambda it: ROLES.index(it.alias))), rules)


def _wanted(path: Path, place: int, entry: object) -> Wanted:
    if not isinstance(entry, dict):
        raise InvalidInput(f"{path}: models[{place}]: wanted an object")
    for name in ("model", "alias"):
        if not isinstance(entry.get(name), str):
            raise InvalidInput(f"{path}: models[{place}].{name}: wanted a text")
    if entry["alias"] not in ROLES:
        raise InvalidInput(f"{path}: models[{place}].alias {entry['alias']!r}: wanted one of {', '.join(ROLES)}")
    return Wanted(entry["model"], str(entry.get("algorithm", entry["model"])), entry["alias"])
