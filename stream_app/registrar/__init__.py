"""What is done to the models of a running service from outside: commands, late versions, the registry as a file."""
