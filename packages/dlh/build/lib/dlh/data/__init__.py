"""Data of the course, one module for each kind: an embedded default, and a loader for the real thing."""
