"""What students import: data loaders and generators, small helpers for plots and training."""
