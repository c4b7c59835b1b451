"""The checks of each assignment, and the banks of mistakes and alternatives that prove them."""
