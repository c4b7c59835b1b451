"""The checks of `mina`, one file for each exercise, and the banks that prove them."""
