"""The reference implementations, one plain module for each assignment."""
