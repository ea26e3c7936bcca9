"""Draw matplotlib figures from plain arrays and names, independent of runs and models."""
