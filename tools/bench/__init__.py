"""Benchmarks on a generated ledger: `make bench`. See `generator`, `measures` and `handwritten`."""
