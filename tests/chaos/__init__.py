"""The chaos harness: kills workers and brokers under load, and proves from the topics alone what came of it.

python -m tests.chaos --kills 60 --seed 1
"""
