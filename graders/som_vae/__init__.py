"""The checks of `som_vae`, one file for each exercise, and the banks that prove them."""
