"""The HTTP gateway: match features and results from feeds that do not speak Kafka.

`tokens` knows who may come in, `rate` how much, `outbox` brings messages to the brokers once each, `app` is the API
that ties them together, `server` the process.
"""
