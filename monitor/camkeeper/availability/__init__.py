"""From statuses in time to the figure that decides payment. Pure, in integers.

`buckets` five sums of milliseconds, `tally` changes into buckets, `hold` samples into buckets, `days` local calendar,
`daily` sums of local days, `figures` the named rules, `rollup` sites.
"""
