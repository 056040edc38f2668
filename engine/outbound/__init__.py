"""The way out: the addresses that may be connected to, and the HTTP client that keeps to them. For actions, and for what sources fetch."""
