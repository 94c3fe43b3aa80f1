"""Bytes to events and back.

`parse` is the only door for what comes from outside: it checks against the schema and everything that the schema cannot
say. `decode` reads what has been through that door already. `encode` writes; its bytes are a function of the event.
"""
