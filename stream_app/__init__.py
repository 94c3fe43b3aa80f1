"""Football predictions on Kafka: sealed before kickoff, learned from every result, nothing lost, nothing twice."""
