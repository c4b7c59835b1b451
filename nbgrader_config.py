"""nbgrader reads a configuration of this name only; every setting stands in course_config.py."""

load_subconfig("course_config.py")  # noqa: F821
