"""Every setting of the course: nbgrader's traitlets (`nbgrader --help-all` lists them) and proctor's own."""

c = get_config()  # noqa: F821

# What students find in place of a solution. The check of an unfinished exercise then says "not implemented yet".
c.ClearSolutions.code_stub = {
    "python": '# your code here\nraise NotImplementedError("not implemented yet")',
}
c.ClearSolutions.text_stub = "Your answer here."

# nbgrader copies whatever lies beside a notebook to the students; the notebook's text must stay behind.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "*.py", "feedback"]

# The packages that students get beside the notebooks (`make release-zip`).
c.Course.student_packages = ["dlh"]
