# SPDX-License-Identifier: Apache-2.0
"""Containers as runtimes make them, without one: namespaces of their own, an overlay of an image, a control group.

    python3 containers.py OPTIONS      (a JSON object) runs a program in one; Container starts that
"""
import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_REC, MS_PRIVATE, MNT_DETACH = 0x4000, 0x40000, 2
SYS_PIVOT_ROOT, PR_SET_PDEATHSIG = 155, 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
UID_MAP = "0 200000 65536"
WAIT_S = 20
libc = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def mount(source, target, kind, flags=0, data=None):
    checked(libc.mount(source.encode(), target.encode(), kind.encode(), flags, data and data.encode()), f"mount {target}")


def wait_until(holds, what):
    deadline = time.monotonic() + WAIT_S
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)
    return value


def libraries(path):
    out = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(?:=> )?(/\S+) \(0x", out)


class Image:
    """A directory of files, path inside -> path outside, with the libraries of those that are programs."""

    def __init__(self, files):
        self.directory = tempfile.mkdtemp(prefix="tickscope-image-")
        os.chmod(self.directory, 0o755)
        needed = {path: path for outside in files.values() for path in libraries(outside)}
        for inside, outside in {**needed, **files}.items():
            path = self.directory + inside
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(outside, path)
        for name in ("proc", "tmp"):
            os.makedirs(os.path.join(self.directory, name), exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)


class Groups:
    """Control groups of version 2, wherever it is mounted; those that are made here go again."""

    def __init__(self):
        self.mounted, self.made = None, []
        self.root = self.find()
        if not self.root:
            self.root = self.mounted = tempfile.mkdtemp(prefix="tickscope-groups-")
            mount("none", self.root, "cgroup2")

    @staticmethod
    def find():
        with open("/proc/self/mounts", encoding="utf-8") as file:
            for line in file:
                _, path, kind, options, *_ = line.split()
                if kind == "cgroup2" and "rw" in options.split(","):
                    return path
        return None

    def make(self, path):
        """The directory of a group."""
        at = self.root
        for name in path.strip("/").split("/"):
            at = os.path.join(at, name)
            if not os.path.isdir(at):
                os.mkdir(at)
                self.made.append(at)
        return at

    def remove(self, at):
        """A group empties a moment after its last process has ended."""
        def is_gone():
            try:
                os.rmdir(at)
            except FileNotFoundError:
                pass
            except OSError:
                return False
            return True
        wait_until(is_gone, f"{at} is still in use")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for at in reversed(self.made):
            self.remove(at)
        if self.mounted:
            checked(libc.umount2(self.mounted.encode(), MNT_DETACH), "umount")
            os.rmdir(self.mounted)


class Container:
    """A program with its standard input and output, as the first process of a container."""

    def __init__(self, image, command, group=None, has_users=False, name="desk"):
        self.root = tempfile.mkdtemp(prefix="tickscope-root-")
        os.chmod(self.root, 0o755)
        options = {"image": image.directory, "root": self.root, "command": command, "group": group,
                   "has_users": has_users, "name": name}
        self.process = subprocess.Popen([sys.executable, "-B", __file__, json.dumps(options)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = wait_until(self.find_program, f"{command} does not start")

    def find_program(self):
        """The process whose parent is the child of the one that was started, once it is the program."""
        assert self.process.poll() is None, "the container did not start"
        pid = self.process.pid
        try:
            for _ in range(2):
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                    pid = int(file.read().split()[0])
            is_program = not os.readlink(f"/proc/{pid}/exe").startswith(os.path.realpath(sys.executable))
        except (OSError, IndexError):
            return None
        return pid if is_program else None

    def namespace(self, kind):
        return os.stat(f"/proc/{self.pid}/ns/{kind}").st_ino

    def ask(self, line):
        """What the program answers to a line."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def connect(self, port):
        """A connection to 127.0.0.1 in there."""
        with open("/proc/self/ns/net", "rb") as own, open(f"/proc/{self.pid}/ns/net", "rb") as theirs:
            checked(libc.setns(theirs.fileno(), CLONE_NEWNET), "setns")
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
            finally:
                checked(libc.setns(own.fileno(), CLONE_NEWNET), "setns")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()  # the others go with it
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        wait_until(lambda: not os.path.exists(f"/proc/{self.pid}"), "the container does not end")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        os.rmdir(self.root)  # fails if anything of the container had been visible here


def connect_networks(addresses):
    """A cable between the networks of two processes: pid -> the address of its end, with the bits of its network."""
    (first, _), (second, _) = addresses.items()
    subprocess.run(["ip", "link", "add", "eth0", "netns", str(first), "type", "veth", "peer", "name", "eth0", "netns",
                    str(second)], check=True)
    for pid, address in addresses.items():
        subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-batch", "-"], check=True, text=True,
                       input=f"address add {address} dev eth0\nlink set eth0 up\n")


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def bring_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = bytearray(struct.pack("16sh22x", b"lo", 0))
        fcntl.ioctl(s, SIOCGIFFLAGS, request)
        flags, = struct.unpack_from("h", request, 16)
        struct.pack_into("h", request, 16, flags | IFF_UP)
        fcntl.ioctl(s, SIOCSIFFLAGS, request)


def enter_root(options):
    """The container's own files are an overlay of the image: what it writes is its own."""
    root, layers = options["root"], os.path.join(options["root"], ".layers")
    mount("none", "/", "none", MS_REC | MS_PRIVATE)
    mount("layers", root, "tmpfs")
    for name in ("", "upper", "work", "merged"):
        os.makedirs(os.path.join(layers, name), exist_ok=True)
    merged = os.path.join(layers, "merged")
    mount("overlay", merged, "overlay", 0, f"lowerdir={options['image']},upperdir={layers}/upper,workdir={layers}/work")
    mount("proc", os.path.join(merged, "proc"), "proc")
    mount("tmp", os.path.join(merged, "tmp"), "tmpfs", 0, "mode=1777")
    os.chdir(merged)
    checked(libc.syscall(SYS_PIVOT_ROOT, b".", b"."), "pivot_root")
    checked(libc.umount2(b".", MNT_DETACH), "umount")
    os.chdir("/")


def be_program(options):
    """The first process of the new pid namespace."""
    die_with_parent()
    checked(libc.unshare(CLONE_NEWCGROUP), "unshare")  # its group is the root of what it sees
    bring_up_loopback()
    socket.sethostname(options["name"])
    enter_root(options)
    if options["has_users"]:
        os.setgid(0)
        os.setuid(0)
        die_with_parent()  # another user: it is forgotten
    os.execve(options["command"][0], options["command"], {"PATH": "/usr/bin:/bin"})


def be_runtime(options, told, says):
    """Makes the namespaces; the one of pids is for children."""
    die_with_parent()
    kinds = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
    checked(libc.unshare(kinds | (CLONE_NEWUSER if options["has_users"] else 0)), "unshare")
    os.write(says, b"1")
    os.read(told, 1)
    if options["has_users"]:
        os.setgroups([])
        os.setgid(0)
        os.setuid(0)
        die_with_parent()
    pid = os.fork()
    if not pid:
        os.write(says, b"2")
        os.read(told, 1)
        be_program(options)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


def main(options):
    die_with_parent()
    told, tell = os.pipe()
    said, says = os.pipe()
    pid = os.fork()
    if not pid:
        be_runtime(options, told, says)
    os.read(said, 1)
    for name in ("uid_map", "gid_map") if options["has_users"] else ():
        with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
            file.write(UID_MAP)
    os.write(tell, b"!")
    os.read(said, 1)
    if options["group"]:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children, \
                open(os.path.join(options["group"], "cgroup.procs"), "w", encoding="ascii") as members:
            members.write(children.read().split()[0])
    os.write(tell, b"!")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
