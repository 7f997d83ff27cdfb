"""From cameras.yaml to a Registry, or every fault at once."""

from camkeeper.config.fault import ConfigError, Fault
from camkeeper.config.load import Loaded, load, load_with_warnings, read

__all__ = ["ConfigError", "Fault", "Loaded", "load", "load_with_warnings", "read"]
