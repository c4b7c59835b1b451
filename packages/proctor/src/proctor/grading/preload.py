"""What all processes that grade load: `many.local_executor` forks them from one that has imported this."""

from multiprocessing import spawn

import torch

from proctor.grading import grade  # noqa: F401 - all that checks need

# A process that has used threads must not be forked.
torch.set_num_threads(1)

# A worker would begin with the program that it grades for: with nbgrader's import of seconds, or with all of a script.
spawn._fixup_main_from_name = spawn._fixup_main_from_path = lambda name: None
