"""Benchmarks: what Doorward costs, beside others, in one run."""
