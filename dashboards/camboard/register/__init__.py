"""`/import`: a register of devices handed in, looked at, put in place, taken back."""
