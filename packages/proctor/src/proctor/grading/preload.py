"""What all processes that grade load: `many.local_executor` forks them from one that has imported this."""

import torch

from proctor.grading import grade  # noqa: F401 - all that checks need

# A process that has used threads must not be forked.
torch.set_num_threads(1)
