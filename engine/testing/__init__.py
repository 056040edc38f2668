"""Tests of rules: the whole line over a journal in memory, with what steps would do described instead of done."""
