"""Runs: one training each, in a process of its own, followed through the files that it writes."""
