"""The rules of scripts/check_tidy.py, one module per concern."""
