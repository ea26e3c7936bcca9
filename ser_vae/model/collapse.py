"""From where on a representation counts as collapsed; it may also be hardly trained.

Without torch, so that a report can show the region.
"""

LEAST_KL = 5.0  # nats a segment, standardised: real speech gives 23 to 31, a collapsed VAE 0
LARGEST_RELATIVE_ERROR = 0.9  # real speech gives 0.1 to 0.2, a collapsed VAE 1. It is the alarm of
# an AE. A collapsed CVAE still decodes its label's mean (URDU: 0.8) and is told by its KL alone.
