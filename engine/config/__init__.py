"""Configuration: YAML with its places → findings, settings and compiled rules."""
