"""A Slurm of one node, while a command runs: python experiments/slurm/one_node.py COMMAND...

Debian's slurmctld, slurmd and munged (`apt-get install slurm-wlm munge`), started as root with all
of their state in a temporary folder; nothing of /etc is read or written. For trying things out:
there is no accounting, so `sacct` has no answer.
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
PATIENCE_S = 30  # for a daemon to come up, or to go
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
    """Why there can be no Slurm here; empty where there can."""
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
        with (folder / "said.log").open("w") as said:
            for command in commands(folder):
                daemons.append(started(command, environment, said))
        wait_until_idle(environment, folder)
        yield environment
    finally:
        end_jobs(environment)
        stop(daemons)
        shutil.rmtree(folder, ignore_errors=True)  # a job's last process may still write


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
    """Ports that nobody listens on now; all are held while they are sought, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def commands(folder: Path) -> list[list[str]]:
    """Each daemon in the foreground, so that it is a child to stop."""
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
    own = [f"--{option}={folder}/munge.{name}" for option, name in files.items()]
    munged = ["munged", "--foreground", "--force", f"--seed-file={folder}/munge.seed", *own]
    return [munged, ["slurmctld", "-D", "-i"], ["slurmd", "-D"]]


def started(command: list[str], environment: dict[str, str], said: IO[str]) -> Daemon:
    """In a session of its own: Ctrl-C is for the command, and ends it before the daemons."""
    return subprocess.Popen(
        command, env=environment, stdout=said, stderr=said, start_new_session=True
    )


def wait_until_idle(environment: dict[str, str], folder: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while ask(environment, "sinfo", "--noheader", "--format=%T") != "idle":
        if time.monotonic() > until:
            logs = [path.read_text()[-2000:] for path in sorted(folder.glob("*.log"))]
            raise RuntimeError("\n".join(["the node did not come up", *logs]))
        time.sleep(0.2)


def end_jobs(environment: dict[str, str]) -> None:
    """Cancel every job, and wait until its processes are gone: they outlive the daemons."""
    until = time.monotonic() + PATIENCE_S
    subprocess.run(["scancel", "--user=root"], env=environment, check=False)
    while time.monotonic() < until and ask(environment, "squeue", "--noheader"):
        time.sleep(0.2)


def ask(environment: dict[str, str], *command: str) -> str:
    """What a command of Slurm's prints."""
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return run.stdout.strip()


def stop(daemons: list[Daemon]) -> None:
    """In the order that leaves munged, which the others need, for the last."""
    for daemon in reversed(daemons):
        daemon.terminate()
        try:
            daemon.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def leave(*_: object) -> None:
    """Stop the daemons; a second signal does not stop that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def main() -> int:
    if why := missing():
        print(f"no Slurm can be started here: {why}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, leave)
    with one_node(cpus=os.cpu_count() or 1) as environment:
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
