from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from stream_app import logs
from stream_app.gateway.tokens import Tokens
from tests.support.commands import call
from tests.support.programs import environment


def test_a_token_and_its_setting_fit(tmp_path: Path) -> None:
    made = orjson.loads(call("gateway-token", "feed-1", "--json", cwd=tmp_path).stdout)
    assert Tokens.read(made["setting"]).client(f"Bearer {made['token']}") == "feed-1"


@pytest.mark.parametrize(
    ("settings", "code", "reason"),
    [
        ({}, 2, "no gateway tokens: make one with `stream-app gateway-token CLIENT`"),
        ({"gateway_tokens": "feed:secret"}, 2, "the one that begins 'feed' is not client:sha256"),
        ({"gateway_tokens": f"feed:{'0' * 64}"}, 3, "Kafka does not answer at 127.0.0.1:1"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(
    settings: dict[str, str], code: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command sets up logging for its process, which is that of the tests here.
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    done = call("gateway", cwd=tmp_path, env=environment(kafka="127.0.0.1:1", **settings))
    assert (done.returncode, done.stderr.count("\n"), reason in done.stderr) == (code, 1, True)
