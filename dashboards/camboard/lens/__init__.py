"""What one scope shows of the township. What lies outside it isn't hidden on pages: it isn't there."""
