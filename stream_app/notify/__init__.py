"""Tells people and programs, by e-mail and webhook, what the service says of its models.

A process and consumer groups of their own: however slow a receiver is, no worker waits for it.
"""
