"""Set-up, commands, benchmarks and the ledger loader: what is around the addon, not installed with it."""
