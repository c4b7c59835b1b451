"""A Dask cluster whose workers are Slurm jobs, for `proctor class A --dask ADDRESS`.

    python -m pip install dask-jobqueue
    python docs/slurm_cluster.py --workers 64 --partition short -- proctor class seq2seq

Run it on the login node, in the course's folder, with the course's Python. It asks Slurm for the workers, appends
`--dask ADDRESS` to the command after `--`, runs it, and gives the workers back. Slurm starts as many as it has room
for: the command grades from the first one on.
"""

import argparse
import subprocess
import sys

from dask_jobqueue import SLURMCluster


def main():
    """Start the cluster, run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--partition", help="Slurm's, its default one if not given")
    parser.add_argument("--memory", default="8GB", help="of a worker: c.Proctor.memory_gigabytes and 2 more")
    parser.add_argument("--walltime", default="02:00:00")
    parser.add_argument("--interface", help="the network card by which workers reach this machine, such as ib0")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args()
    with SLURMCluster(
        queue=options.partition,
        cores=1,
        processes=1,
        memory=options.memory,
        walltime=options.walltime,
        interface=options.interface,
        python=sys.executable,
    ) as cluster:
        cluster.scale(jobs=options.workers)
        return subprocess.call([*options.command, "--dask", cluster.scheduler_address])


if __name__ == "__main__":
    sys.exit(main())
