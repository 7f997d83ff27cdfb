"""Agreed windows: what was agreed, by whom, and what it excludes."""
