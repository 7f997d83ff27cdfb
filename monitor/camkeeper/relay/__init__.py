"""An edge's way to the hub: ledger -> a stream on this machine's disk -> hub, in order, for as long as it takes."""
