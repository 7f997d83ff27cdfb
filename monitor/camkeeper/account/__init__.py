"""Anybody's samples to a statement: what `camkeeper account` does, without the command line.

`moment` instants, durations and percent as people write them; `lines` a CSV file's rows with their line numbers;
`columns` instants of many rows at once; `samples` and `windows` the two files; `statement` the figures; `show` the
table.
"""
