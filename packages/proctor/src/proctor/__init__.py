"""The engine that grades: it runs untrusted submissions in a sandbox, puts checks to them, and feeds nbgrader."""
