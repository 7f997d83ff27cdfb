"""Why a figure is what it is: the rule, the buckets, and every stretch of time behind them."""
