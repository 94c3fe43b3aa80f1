from __future__ import annotations

import json
from pathlib import Path

from stream_app.web.accounts import Accounts, parse_accounts
from tests.support.programs import environment, run


def test_a_token_is_made_for_an_account_and_shown_once(tmp_path: Path) -> None:
    done = run("web-token", "ada", "--role", "operator", "--json", cwd=tmp_path)
    assert done.returncode == 0
    made = json.loads(done.stdout)
    (account,) = parse_accounts(made["entry"])
    assert (account.name, account.role) == ("ada", "operator")
    assert Accounts((account,)).by_token(made["token"]) == account
    assert made["token"] not in made["entry"]
    assert not list(tmp_path.iterdir())


def test_a_name_that_nobody_can_have_is_refused(tmp_path: Path) -> None:
    done = run("web-token", "ada:x", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("stream-app: ")
    assert "ada" in done.stderr
    assert "Traceback" not in done.stderr


def test_accounts_that_cannot_be_read_stop_the_view_with_the_reason(tmp_path: Path) -> None:
    env = environment(kafka="127.0.0.1:1", web_tokens="ada:chief:00")
    done = run("web", "--port", "0", cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert "STREAM_APP_WEB_TOKENS: role 'chief' of ada: wanted viewer or operator" in done.stderr
