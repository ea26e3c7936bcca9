"""Plain arrays and names -> matplotlib figures; knows of no run, no model and no folder."""
