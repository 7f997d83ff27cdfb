"""Histories of other monitors as samples for `camkeeper account`, and what those monitors could not know."""
