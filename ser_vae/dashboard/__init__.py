"""Runs compared on Weights & Biases itself, without anybody arranging panels by hand."""
