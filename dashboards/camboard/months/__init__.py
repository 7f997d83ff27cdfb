"""Closing and amending months, for programs."""
