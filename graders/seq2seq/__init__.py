"""The checks of `seq2seq`, one file for each exercise, and the banks that prove them."""
