"""Football predictions on Kafka: sealed before kickoff, learned from every result, nothing lost, nothing twice."""

__version__ = "0.1.0"
