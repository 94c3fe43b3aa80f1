"""The record of every prediction, evaluation and alert, kept twice: as CSV files and in PostgreSQL.

`stream_app.evaluation_log.logger.get_logger` is the way in for programs of one's own.
"""
