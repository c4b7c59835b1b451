"""The checks of `ecg_lstm`, one file for each exercise, and the banks that prove them."""
