"""What several tests share: topics on a real broker, programs as a person starts them, waiting for something."""
