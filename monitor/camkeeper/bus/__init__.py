"""The NATS server as a supervised child: its configuration, its life, the connection to it."""
