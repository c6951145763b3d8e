"""What `make` offers, one module a target, run inside the project's Python environment."""
