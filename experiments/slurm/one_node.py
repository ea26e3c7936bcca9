"""Run a command on a Slurm cluster of one node: python experiments/slurm/one_node.py COMMAND...

Debian's slurmctld, slurmd and munged (`apt-get install slurm-wlm munge`), started as root with all
of their state in a temporary folder; nothing in /etc is read or written. Accounting is off, so
`sacct` does not work.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol")
Daemon = subprocess.Popen[bytes]
TIMEOUT_S = 30  # for a daemon to start or to stop
CONF = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Return why Slurm cannot be started here; empty if it can."""
    if os.geteuid():
        return "not root"
    return ", ".join(f"no {name}" for name in NEEDED if shutil.which(name) is None)


@contextmanager
def one_node(cpus: int) -> Iterator[dict[str, str]]:
    """Start the daemons; yields the environment in which Slurm's commands find them."""
    folder = Path(tempfile.mkdtemp(prefix="slurm"))
    conf = folder / "slurm.conf"
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    write_settings(folder, conf, cpus)
    daemons: list[Daemon] = []
    try:
        with (folder / "output.log").open("w") as output:
            for command in commands(folder):
                daemons.append(start(command, environment, output))
        wait_until_idle(environment, folder)
        yield environment
    finally:
        end_jobs(environment)
        stop(daemons)
        shutil.rmtree(folder, ignore_errors=True)  # the last process of a job may still write


def write_settings(folder: Path, conf: Path, cpus: int) -> None:
    host = socket.gethostname().partition(".")[0]
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    conf.write_text(
        CONF.format(host=host, folder=folder, cpus=cpus, memory_mb=memory_mb, ports=free_ports(2))
    )
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    for name in ("state", "spool"):
        (folder / name).mkdir()


def free_ports(count: int) -> list[int]:
    """Return ports that are free now; all are open at the same time, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def commands(folder: Path) -> list[list[str]]:
    """Return the command of each daemon, in the foreground so that it can be stopped."""
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
    options = [f"--{option}={folder}/munge.{name}" for option, name in files.items()]
    munged = ["munged", "--foreground", "--force", f"--seed-file={folder}/munge.seed", *options]
    return [munged, ["slurmctld", "-D", "-i"], ["slurmd", "-D"]]


def start(command: list[str], environment: dict[str, str], output: IO[str]) -> Daemon:
    """Start a daemon in a new session, so that Ctrl-C stops the command before the daemon."""
    return subprocess.Popen(
        command, env=environment, stdout=output, stderr=output, start_new_session=True
    )


def wait_until_idle(environment: dict[str, str], folder: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while output_of(environment, "sinfo", "--noheader", "--format=%T") != "idle":
        if time.monotonic() > deadline:
            logs = [path.read_text()[-2000:] for path in sorted(folder.glob("*.log"))]
            raise RuntimeError("\n".join(["the node did not start", *logs]))
        time.sleep(0.2)


def end_jobs(environment: dict[str, str]) -> None:
    """Cancel all jobs, and wait until their processes are gone, which outlive the daemons."""
    deadline = time.monotonic() + TIMEOUT_S
    subprocess.run(["scancel", "--user=root"], env=environment, check=False)
    while time.monotonic() < deadline and output_of(environment, "squeue", "--noheader"):
        time.sleep(0.2)


def output_of(environment: dict[str, str], *command: str) -> str:
    """Return what a command of Slurm prints."""
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return run.stdout.strip()


def stop(daemons: list[Daemon]) -> None:
    """Stop the daemons, munged last, which the others need."""
    for daemon in reversed(daemons):
        daemon.terminate()
        try:
            daemon.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def exit_once(*_: object) -> None:
    """Exit and thereby stop the daemons; a second signal does not interrupt that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def main() -> int:
    if reason := missing():
        print(f"Slurm cannot be started here: {reason}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, exit_once)
    with one_node(cpus=os.cpu_count() or 1) as environment:
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
