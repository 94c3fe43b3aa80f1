"""An address to listen on, for the programs that serve HTTP."""

from __future__ import annotations

import socket

from stream_app.errors import InvalidInput


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port`; 0 takes a free one.

    Raises
    ------
    InvalidInput
        The address cannot be listened on.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # From here on the address can be opened, though the first answer waits for the server.
        listener.listen()
    except OSError as error:
        raise InvalidInput(f"cannot listen on {host}, port {port}: {error.strerror or error}") from None
    return listener
