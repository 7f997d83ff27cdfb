"""Months: whether the promise was kept, how sure we are, and what lies behind it."""
