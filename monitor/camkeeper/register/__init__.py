"""The register as people keep it, into the configuration: table, mapping, findings, difference, apply, undo."""
