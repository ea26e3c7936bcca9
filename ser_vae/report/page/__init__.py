"""`report.html`: the report as one page to explore, that needs nothing but a browser.

It draws the same tables as every other form of the report, and below them all runs, curves,
confusions, maps of the latents and pictures. All that it needs stands in it, it asks no network
for anything, and without JavaScript its tables are still there.
"""
