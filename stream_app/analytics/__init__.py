"""What the results of a competition say besides the forecasts: streaks, transitions, and whether chance made them.

`CompetitionAnalytics` is all that a league needs. It learns every result once, at a constant cost, and holds plain
picklable state; statistics that take longer are computed when its figures are asked for.
"""

from __future__ import annotations

from stream_app.analytics.competition import CompetitionAnalytics, Foretold, Played

__all__ = ["CompetitionAnalytics", "Foretold", "Played"]
