"""Thresholds beyond which a representation counts as collapsed, or as hardly trained.

In a module without torch, because reports draw the region.
"""

LEAST_KL = 5.0  # nats per segment, standardised: real speech gives 23 to 31, a collapsed VAE 0
LARGEST_RELATIVE_ERROR = 0.9  # real speech gives 0.1 to 0.2, a collapsed VAE 1. An AE has no other
# sign. A collapsed CVAE still decodes the mean of its label (URDU: 0.8); only its KL shows it.
