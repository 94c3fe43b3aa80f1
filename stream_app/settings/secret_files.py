"""Secrets in files of their own, as orchestrators hand them over: `STREAM_APP_X_FILE` names the file of secret X."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from stream_app.errors import InvalidInput


class SecretFiles(PydanticBaseSettingsSource):
    """The values of all secrets whose file is named in one of `variables`, the first one that names it counting."""

    def __init__(self, settings_cls: type[BaseSettings], *variables: Mapping[str, str | None]) -> None:
        super().__init__(settings_cls)
        self._variables = variables

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The content of the file, without the line's end. Raises InvalidInput if it cannot be read, or says twice."""
        if not is_secret(field):
            return None, field_name, False
        name = f"stream_app_{field_name}"
        path = next((found for known in self._variables if (found := known.get(f"{name}_file"))), None)
        if path is None:
            return None, field_name, False
        variable = f"{name}_file".upper()
        if any(known.get(name) for known in self._variables):
            raise InvalidInput(f"settings: {variable} and {name.upper()}: wanted one of them")
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise InvalidInput(f"settings: {variable}={path!r}: {reason}") from None

    def __call__(self) -> dict[str, Any]:
        """The secrets that are in files."""
        fields = self.settings_cls.model_fields
        values = {name: self.get_field_value(field, name)[0] for name, field in fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def is_secret(field: FieldInfo) -> bool:
    """Whether the setting is a secret."""
    return SecretStr in (field.annotation, *get_args(field.annotation))
