"""Models of football matches: each learns from every result and foretells the next match."""

# Before any module of this package imports River.
from stream_app.models import scipy_later as scipy_later
