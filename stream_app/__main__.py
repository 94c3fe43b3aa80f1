"""`python -m stream_app` and the `stream-app` command."""

from __future__ import annotations

import sys

from stream_app.cli import build
from stream_app.errors import InvalidInput, Retryable

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNAVAILABLE = 3
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; a user's mistake ends with one clear line and no traceback."""
    try:
        build()()
    except InvalidInput as error:
        print(f"stream-app: {error}", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except Retryable as error:
        print(f"stream-app: {error}", file=sys.stderr)
        sys.exit(EXIT_UNAVAILABLE)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
