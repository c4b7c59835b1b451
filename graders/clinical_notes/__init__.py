"""The checks of `clinical_notes`, one file for each exercise, and the banks that prove them."""
