"""Broken input for every decoder of the product: mutations drawn from a seed, handmade bombs, and a watch over both."""
