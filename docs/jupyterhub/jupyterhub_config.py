"""A JupyterHub on one machine, whose students are users of that machine: docs/jupyterhub.md."""

c = get_config()  # noqa: F821

# Who has an account of the machine and is in the group of the students. Whoever grades is no user of the hub.
c.JupyterHub.authenticator_class = "pam"
c.LocalAuthenticator.allowed_groups = {"students"}
c.Authenticator.blocked_users = {"grader"}

# Behind a web server that speaks TLS.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.ConfigurableHTTPProxy.command = ["/opt/jupyter/node_modules/.bin/configurable-http-proxy"]

# A server runs as its student's own user, in the environment that has `dlh` and nothing else of the course.
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = ["/opt/jupyter/bin/jupyterhub-singleuser"]
c.Spawner.default_url = "/lab"
# In a terminal, `nbgrader` and `python` are those of that environment: a login shell would set another PATH.
c.Spawner.args = ["--ServerApp.terminado_settings=shell_command=['/bin/bash']"]
# The same for what notebooks start; the simulated ECGs, made once for everybody;
# and no more threads than one student's share of the processors.
c.Spawner.environment = {
    "PATH": "/opt/jupyter/bin:/usr/local/bin:/usr/bin:/bin",
    "DLH_DATA": "/srv/dlh",
    "OMP_NUM_THREADS": "2",
}
# Seconds that a server has to begin to answer: where a whole class logs in at once, JupyterHub's 30 are too few.
c.Spawner.http_timeout = 180
# A restart of the hub leaves students' servers, and what trains in them, running.
c.JupyterHub.cleanup_servers = False
