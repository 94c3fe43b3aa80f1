"""The tests, laid out like `stream_app`. A package, so that a dependency's own `tests` cannot take its name."""
