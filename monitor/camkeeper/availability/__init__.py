"""From statuses in time to the figure that decides payment. Pure, in integers."""
