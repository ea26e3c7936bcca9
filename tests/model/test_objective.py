"""Eq. (3): its error is a sum over a segment, and must be; see test_vae for the whole loss."""

import torch

from ser_vae.model.objective import squared_error

D = 800


def test_the_squared_error_is_summed_over_the_values_of_a_segment():
    x = torch.zeros(3, D)
    offsets = torch.tensor([0.5, 0.0, -2.0])
    torch.testing.assert_close(squared_error(x, x + offsets[:, None]), D * offsets**2)
