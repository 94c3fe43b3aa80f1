"""No file of the repository names a secret, a package registry or a folder of somebody's machine."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.support.programs import ROOT

REGISTRIES = (
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "npm" + "js.org",
    "repo1.maven" + ".org",
    "proxy.golang" + ".org",
)
SECRET = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}"
)
FOLDER_OF_A_PERSON = re.compile(r"(?<![\w.])/(?:home|Users)/[a-z]\w*/")


def finds(text: str) -> list[str]:
    """What in `text` should not be in the repository."""
    registries = [name for name in REGISTRIES if name in text]
    return [*registries, *SECRET.findall(text), *FOLDER_OF_A_PERSON.findall(text)]


def test_no_file_names_a_secret_a_registry_or_a_persons_folder() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {}
    for name in filter(None, listed.split("\0")):
        file = ROOT / name
        if file.is_file() and (wrong := finds(file.read_bytes().decode("utf-8", "replace"))):
            found[name] = wrong
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "index-url = https://" + REGISTRIES[0] + "/simple",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "AK" + "IA" + "ABCDEFGHIJKLMNOP",
        "gh" + "p_" + "a" * 36,
        "cp /ho" + "me/ada/x .",
    ],
)
def test_each_kind_is_found(text: str) -> None:
    assert finds(text)
