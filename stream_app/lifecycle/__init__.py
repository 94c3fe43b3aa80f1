"""Models that are born, prove themselves, take over and step back: versions, evidence, promotion, reinforcement."""
