"""Every setting of the service, with its unit, its default and the name of its environment variable.

A setting `x_y` is read from `STREAM_APP_X_Y`, then from the file `.env` in the working directory.
"""

from __future__ import annotations

from functools import lru_cache

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from stream_app.errors import InvalidInput
from stream_app.settings.league import LeagueSettings
from stream_app.settings.outside import OutsideSettings
from stream_app.settings.serving import ServingSettings
from stream_app.settings.worker import WorkerSettings


# The fields of the last base come first.
class Settings(ServingSettings, LeagueSettings, WorkerSettings, OutsideSettings):
    """The settings of one process. Secrets are never shown by `repr`."""

    model_config = SettingsConfigDict(
        env_prefix="STREAM_APP_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process.

    Raises
    ------
    InvalidInput
        A variable has a value that its setting does not take; the text names the variable, the value and the reason.
    """
    return load()


def load(**overrides: object) -> Settings:
    """Read the settings anew, with `overrides` on top of environment and file. Raises InvalidInput like `settings`."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # names and values are checked by pydantic
    except ValidationError as error:
        problems = [
            f"STREAM_APP_{'_'.join(str(part) for part in item['loc']).upper()}={item.get('input')!r}: "
            + item["msg"].removeprefix("Value error, ")
            for item in error.errors(include_url=False)
        ]
        raise InvalidInput("settings: " + "; ".join(problems)) from None
