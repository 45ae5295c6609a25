#!/bin/bash
# One-node Slurm from Debian's packages, its configuration and state below a folder, its daemons started by hand (no systemd):
#
#   tests/scale/slurm.sh start FOLDER      install what is missing, start, wait until jobs can run
#   tests/scale/slurm.sh stop FOLDER       stop what start started
#
# To be run as root: slurmd starts jobs for users. The configuration is linked to from /etc/slurm, since the executor's jobs look for it
# there and nowhere else (snakemake-executor-plugin-slurm-jobstep 0.6.1 drops SLURM_CONF); a machine that has a Slurm is left alone.
set -euo pipefail

PORT=16817
LINK=/etc/slurm/slurm.conf

install() {
    type slurmctld slurmd munged sbatch >/dev/null 2>&1 && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
}

# Two processors and a GPU, whatever the machine has: Slurm only counts them. How long it knows an ended job (MinJobAge, 300 s) is what the
# executor needs where there is no accounting.
configure() {
    mkdir -p "$1"/{state,spool,log}
    head -c 1024 /dev/urandom > "$1/munge.key"
    chmod 600 "$1/munge.key"
    cat > "$1/slurm.conf" <<END
ClusterName=lastro
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$PORT
SlurmdPort=$((PORT + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$1/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.pid
SlurmctldLogFile=$1/log/slurmctld.log
SlurmdLogFile=$1/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
GresTypes=gpu
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=2 Gres=gpu:1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    echo "NodeName=$(hostname -s) Name=gpu File=/dev/null" > "$1/gres.conf"
}

start() {
    install
    if [ -e "$LINK" ]; then
        echo "error: $LINK: found a Slurm that is set up already, expected none. Stop it (slurm.sh stop), or use it as it is." >&2
        exit 1
    fi
    configure "$1"
    ln -sfn "$1/slurm.conf" "$LINK"
    munged --force --key-file="$1/munge.key" --socket="$1/munge.socket" --pid-file="$1/munge.pid" --log-file="$1/log/munged.log" --seed-file="$1/munge.seed"
    SLURM_CONF="$1/slurm.conf" slurmctld
    SLURM_CONF="$1/slurm.conf" slurmd
    for _ in $(seq 60); do
        [ "$(sinfo --noheader --format=%T)" = idle ] && return
        sleep 0.5
    done
    echo "error: $1: found no idle node after 30 s, expected one. See $1/log." >&2
    exit 1
}

stop() {
    for daemon in slurmd slurmctld munge; do
        [ -f "$1/$daemon.pid" ] && kill "$(cat "$1/$daemon.pid")" || true
    done
    [ "$(readlink "$LINK")" != "$1/slurm.conf" ] || rm "$LINK"
}

case "${1:-}" in
    start | stop) "$1" "$(realpath -m "$2")" ;;
    *) echo "usage: $0 start|stop FOLDER" >&2; exit 2 ;;
esac
