"""nbgrader reads a configuration of this name only; every setting stands in course_config.py."""

try:
    load_subconfig("course_config.py")  # noqa: F821
except Exception as error:
    # nbgrader would go on without any setting, and run students' code itself, unprotected.
    raise SystemExit(f"course_config.py: {type(error).__name__}: {error}; mend it, then try again") from error
