"""A Slurm of two nodes on this machine, without systemd, for tests.

Slurm and munge run from a temporary folder and on free ports, so that they disturb no other Slurm of
the machine. They need to be root.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "munged")

# What matters is how soon Slurm sees that a node is gone, and how soon it starts a job again.
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=5
KillWait=1
MessageTimeout=2
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def why_not_here():
    """Why there can be no Slurm here; None where there can."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=search_path())]
    if missing:
        return "not installed: " + ", ".join(missing)
    if slurm_version() == 23:
        return "Slurm 23.11 (Ubuntu 24.04) starts no job without an accounting database"
    return None if os.geteuid() == 0 else "Slurm's daemons need to be root"


def search_path():
    return os.environ["PATH"] + ":/usr/sbin:/sbin"


def wait_until(condition, what, seconds=60):
    """Waits until the condition holds, and returns its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return value


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def slurm_version():
    """22 of "slurm 22.05.8"."""
    answer = subprocess.run(["slurmd", "-V"], env=dict(os.environ, PATH=search_path()),
                            capture_output=True, text=True, check=True)
    return int(answer.stdout.split()[1].split(".")[0])


class TwoNodes:
    """Starts the daemons; use it in a with statement, which ends them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.environment = dict(os.environ, PATH=search_path(),
                                SLURM_CONF=str(self.folder / "slurm.conf"))
        self.processes = {}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        self.folder.chmod(0o755)
        (self.folder / "state").mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        host = socket.gethostname().split(".")[0]
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(host=host, ports=free_ports(3), folder=self.folder))
        # Containers have no control groups. Older versions do not know the word.
        if slurm_version() >= 24:
            (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        self._daemon("munged", "munged", "--foreground", "--force", f"--key-file={key}",
                     f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munge.pid",
                     f"--log-file={self.folder}/munge.log", f"--seed-file={self.folder}/munge.seed")
        wait_until((self.folder / "munge.socket").exists, "munged listens")
        self._daemon("slurmctld", "slurmctld", "-D")
        for node in ("n1", "n2"):
            self.start_node(node)
        wait_until(lambda: self.ask("sinfo", "-h", "-t", "idle", "-o", "%D") == "2",
                   "both nodes are idle")

    def start_node(self, node):
        self._daemon(node, "slurmd", "-D", "-N", node)

    def _daemon(self, name, *command):
        log = open(self.folder / f"{name}.out", "ab")
        self.processes[name] = subprocess.Popen(command, env=self.environment, stdout=log,
                                                stderr=log, stdin=subprocess.DEVNULL)

    def kill_node(self, node):
        """Kills the node's slurmd and all slurmstepd that it has started; their jobs live on."""
        self.processes[node].kill()
        self.processes[node].wait()
        for process in step_daemons(node):
            os.kill(process, signal.SIGKILL)

    def ask(self, *command):
        answer = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return answer.stdout.strip()

    def states(self):
        """Those of the tasks in the queue, "R" or "PD", by their index."""
        lines = self.ask("squeue", "-hr", "-o", "%K %t").splitlines()
        return dict(line.split() for line in lines)

    def __exit__(self, *_):
        for job in self.ask("squeue", "-h", "-o", "%A").split():
            self.ask("scancel", job)
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def has_ended(process):
    """Whether a process does not exist, or only its exit status does."""
    try:
        stat = pathlib.Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def parent_of(process):
    """The process that started another one; 0 if there is none any more."""
    try:
        stat = pathlib.Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def step_daemons(node):
    """The slurmstepd of a node: those that have started a process which knows that it is there."""
    found = set()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            parent = parent_of(entry.name)
            name = pathlib.Path(f"/proc/{parent}/comm").read_text().strip()
        except OSError:
            continue
        if f"SLURMD_NODENAME={node}".encode() in variables and name == "slurmstepd":
            found.add(parent)
    return found
