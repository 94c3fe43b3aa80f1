"""A real pgbouncer in transaction mode between a test and its database, as Supabase has one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stream_app.dev.process import LOOPBACK, free_ports, spawn, unprivileged_user
from tests.support.certificates import certificate
from tests.support.waiting import wait_until

SETTINGS = """
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = {listen_addr}
listen_port = {listen_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 3
server_round_robin = 1
server_check_query =
{tls}
"""


@contextmanager
def pgbouncer(url: str, *, tls: bool = False) -> Iterator[tuple[str, Path]]:
    """The address at which a pooler serves the database at `url`, and its folder; with `tls` it demands encryption.

    Every transaction gets the next one of three server connections, so that nothing that one leaves behind is there for
    the next. Its server proves itself as `localhost`, by the authority whose `authority.pem` is in the folder then.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("no pgbouncer: `apt-get install pgbouncer` brings one")
    server = urlsplit(url)
    user = unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="stream-app-pgbouncer-"))
    try:
        made = certificate(folder) if tls else None
        (port,) = free_ports(None)
        (folder / "users").write_text(f'"{server.username}" "{server.password}"\n')
        (folder / "settings").write_text(
            SETTINGS.format(
                host=server.hostname,
                port=server.port,
                listen_addr=LOOPBACK,
                listen_port=port,
                folder=folder,
                tls=f"client_tls_sslmode = require\nclient_tls_key_file = {made.private}\n"
                f"client_tls_cert_file = {made.public}"
                if made
                else "",
            )
        )
        if user:
            for path in (folder, *folder.iterdir()):
                os.chown(path, user.pw_uid, user.pw_gid)
        child = spawn("pgbouncer", [program, folder / "settings"], log=folder / "log", cwd=folder, user=user)
        try:
            wait_until(lambda: "listening on" in (folder / "log").read_text(), "pgbouncer listens")
            child.require_running()
            yield f"postgresql://{server.username}:{server.password}@localhost:{port}{server.path}", folder
        finally:
            child.stop()
    finally:
        shutil.rmtree(folder)
