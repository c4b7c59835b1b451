"""What nbgrader in students' servers needs to know. Into /opt/jupyter/etc/jupyter/: docs/jupyterhub.md."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "dl4h"
c.Exchange.root = "/srv/nbgrader/exchange"
# The same as in course_config.py: the clock of the times that students see.
c.Exchange.timezone = "UTC"
# Seconds that Validate gives a cell; training takes longer than nbgrader's 30.
c.Execute.timeout = 600
# Who deleted or renamed the notebook is told so when they hand in.
c.ExchangeSubmit.strict = True
