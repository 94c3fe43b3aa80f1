"""The real parts on one's own machine: Apache Kafka and PostgreSQL as child processes, and the demo on top of them."""
