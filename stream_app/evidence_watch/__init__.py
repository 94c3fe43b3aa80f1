"""Follows the evaluations of all competitions and proposes what they prove together.

A process and a consumer group of its own. It keeps nothing: when it starts it reads the evaluations from the beginning,
which gives the same evidence in whatever order they come.
"""
