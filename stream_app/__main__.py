"""`python -m stream_app` and the `stream-app` command."""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

from stream_app.errors import InvalidInput, Retryable, StreamAppError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNAVAILABLE = 3
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; a user's mistake ends with one clear line and no traceback."""
    # What the client says while brokers are away comes again in the error that ends a command, in one line.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        # Imported here, so that Ctrl-C ends the program quietly from its first moment on.
        from stream_app.cli import build

        build()()
    except InvalidInput as error:
        _end(error, EXIT_USAGE)
    except Retryable as error:
        _end(error, EXIT_UNAVAILABLE)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _end(error: StreamAppError, code: int) -> NoReturn:
    from stream_app.logs import complain

    complain(str(error))
    sys.exit(code)


if __name__ == "__main__":
    main()
