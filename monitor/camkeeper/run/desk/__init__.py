"""The duty desk inside the monitor: from transitions to incidents, orders and letters, and what people do about them."""
