"""The desk of an analyst: models trained, kept and asked on one machine, with no service running."""
