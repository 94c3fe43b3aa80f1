"""Variables that begin like those of settings and are none: a name that is misspelt would be left out in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource

from stream_app.settings.secret_files import is_secret

OTHERS = ("fail_point",)
"""What tests alone set, and is no setting on purpose."""

# What Kubernetes tells every container of each service in its namespace, also of one whose name begins like ours.
_OF_A_SERVICE = re.compile(r"_service_(host|port(_.+)?)$|_port_\d+_(tcp|udp|sctp)(_(proto|port|addr))?$")
_ADDRESS_OF_A_SERVICE = re.compile(r"(tcp|udp|sctp)://")


def unknown(settings: type[BaseSettings]) -> Iterator[str]:
    """Each variable of the environment and of `.env` that is no setting, in words; never its value: it may be secret.

    It is no error: platforms set variables of their own, and other versions of the program have other settings.
    """
    prefix = settings.model_config.get("env_prefix", "").lower()
    fields = settings.model_fields
    known = {*fields, *(f"{name}_file" for name, field in fields.items() if is_secret(field)), *OTHERS}
    for place, source in (("the environment", EnvSettingsSource), (".env", DotEnvSettingsSource)):
        for name in _unknown(source(settings).env_vars, prefix, known):
            near = get_close_matches(name, sorted(known), n=1)
            meant = f"; did you mean {(prefix + near[0]).upper()}?" if near else ""
            yield f"{(prefix + name).upper()} in {place} is no setting and does nothing{meant}"


def _unknown(variables: Mapping[str, str | None], prefix: str, known: set[str]) -> Iterator[str]:
    for variable, value in sorted(variables.items()):
        name = variable.removeprefix(prefix)
        if name == variable or name in known or _OF_A_SERVICE.search(variable):
            continue
        if not (variable.endswith("_port") and _ADDRESS_OF_A_SERVICE.match(value or "")):
            yield name
