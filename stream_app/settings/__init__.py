"""Every setting of the service, with its unit, its default and the name of its environment variable.

A setting `x_y` is read from `STREAM_APP_X_Y`, then from the file `.env` in the working directory. A
secret may be in a file of its own instead, which `STREAM_APP_X_Y_FILE` names.
"""

from __future__ import annotations

from functools import lru_cache

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources import EnvSettingsSource

from stream_app.errors import InvalidInput
from stream_app.logs import warn
from stream_app.settings.league import LeagueSettings
from stream_app.settings.outside import OutsideSettings
from stream_app.settings.secret_files import SecretFiles, is_secret
from stream_app.settings.serving import ServingSettings
from stream_app.settings.unknown import unknown
from stream_app.settings.worker import WorkerSettings


# The fields of the last base come first.
class Settings(ServingSettings, LeagueSettings, WorkerSettings, OutsideSettings):
    """The settings of one process. Secrets are never shown by `repr`."""

    model_config = SettingsConfigDict(
        env_prefix="STREAM_APP_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    @property
    def group(self) -> str:
        """Consumer group of the workers; the groups of all other parts begin with it."""
        return self.topic_prefix + self.app_id

    @property
    def member(self) -> str | None:
        """Name of this worker in its group, None when it has none of its own."""
        return self.topic_prefix + self.worker_id if self.worker_id else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where values come from, the strongest first; an empty variable does not hide the file of a secret."""
        named = [it.env_vars for it in (env_settings, dotenv_settings) if isinstance(it, EnvSettingsSource)]
        return init_settings, SecretFiles(settings_cls, *named), env_settings, dotenv_settings


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. A variable that looks like a setting and is none is told on standard error.

    Raises
    ------
    InvalidInput
        A variable has a value that its setting does not take; the text names the variable, the value and the reason.
    """
    doubts = list(unknown(Settings))
    try:
        found = load()
    except InvalidInput as error:
        # What a setting lacks may be what a misspelt one was to say.
        raise InvalidInput("; ".join((str(error), *doubts))) from None
    for doubt in doubts:
        warn(doubt, found)
    return found


def load(**overrides: object) -> Settings:
    """Read the settings anew, with `overrides` on top of environment and file. Raises InvalidInput like `settings`."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # names and values are checked by pydantic
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_url=False)]
        raise InvalidInput("settings: " + "; ".join(problems)) from None


def _problem(item: ErrorDetails) -> str:
    """What is wrong, in words. What concerns several settings says itself which, and its input would be all of them."""
    said = item["msg"].removeprefix("Value error, ")
    if not item["loc"]:
        return said
    name = "_".join(str(part) for part in item["loc"])
    value = "" if is_secret(Settings.model_fields[name]) else repr(item["input"])
    return f"STREAM_APP_{name.upper()}={value}: {said}"
