"""The duty desk in the monitor: transitions become incidents, orders and letters; people acknowledge and repair."""
