"""How good forecasts were: the scores of one match, the figures of many, and when they decay."""
