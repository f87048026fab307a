"""What all tests share."""

import torch

# the models here are tiny: more threads only wait for each other
torch.set_num_threads(1)
