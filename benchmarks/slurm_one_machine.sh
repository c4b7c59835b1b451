#!/usr/bin/env bash
# Slurm on this machine alone, without systemd, to try a class on it. On Debian, as root, in the course's folder:
#
#     apt-get install slurm-wlm munge
#     python -m pip install dask-jobqueue
#     benchmarks/slurm_one_machine.sh python docs/slurm_cluster.py --interface lo -- proctor class seq2seq
#
# Starts munged, slurmctld and slurmd, runs the command, and ends them. Their logs are printed where it fails.
set -euo pipefail
folder=$(mktemp -d)
host=$(hostname -s)
mkdir "$folder/state" "$folder/spool"
export SLURM_CONF=$folder/slurm.conf
cat >"$SLURM_CONF" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc --all) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
PartitionName=grading Nodes=$host Default=YES State=UP
CONF
started=()
finish() {
    status=$?
    kill "${started[@]}" 2>/dev/null || true
    wait
    if [ $status != 0 ]; then tail -n 20 "$folder"/*.log >&2; fi
    rm -rf "$folder"
}
trap finish EXIT
install -d -o munge -g munge /run/munge /var/log/munge /var/lib/munge
runuser -u munge -- munged --foreground >"$folder/munged.log" 2>&1 &
started+=($!)
until munge -n >/dev/null 2>&1; do sleep 0.2; done
slurmctld -D >/dev/null 2>&1 &
started+=($!)
slurmd -D -N "$host" >/dev/null 2>&1 &
started+=($!)
for _ in $(seq 60); do
    if sinfo --noheader --format=%T 2>/dev/null | grep -q idle; then break; fi
    sleep 1
done
sinfo
"$@"
