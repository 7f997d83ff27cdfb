"""From cameras.yaml to a Registry, or every fault at once."""
