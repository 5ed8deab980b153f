# SPDX-License-Identifier: Apache-2.0
"""What can be seen of tickscope and of its targets from outside: memory, BPF objects, probes in code."""
import ctypes
import errno
import glob
import os
import re
import struct

BPF_SYSCALL = 321                                            # x86-64
GET_FD_BY_ID = {"prog_id": 13, "map_id": 14, "link_id": 30}  # enum bpf_cmd: BPF_{PROG,MAP,LINK}_GET_FD_BY_ID


class Failed(Exception):
    """The soak cannot go on; the text says why."""


def rss_bytes(pid):
    """Resident memory without the mapped kernel arrays, whose pages come as buckets are first used."""
    total, is_counted = 0, True
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                is_counted = "bpf-map" not in line
            elif words[0] == "Rss:" and is_counted:
                total += int(words[1]) * 1024
    return total


def kernel_objects(pid):
    """(kind, id) of every BPF program, map and link that a process holds."""
    found = set()
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        with open(path, encoding="utf-8") as file:
            found.update((kind, int(number)) for kind, number in re.findall(r"^(\w+_id):\s*(\d+)$", file.read(), re.M)
                         if kind in GET_FD_BY_ID)
    return found


def has_kernel_object(kind, number):
    attributes = struct.pack("3I", number, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(BPF_SYSCALL, GET_FD_BY_ID[kind], attributes, len(attributes))
    if fd >= 0:
        os.close(fd)
    elif ctypes.get_errno() != errno.ENOENT:
        raise Failed(f"cannot look for {kind} {number}: {os.strerror(ctypes.get_errno())}")
    return fd >= 0


def code_of(pid, path):
    """(in memory, in the file): the executable's code, in which a probe is another byte."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        words = next(line.split() for line in file if line.rstrip().endswith(path) and line.split()[1][2] == "x")
    start, end = (int(word, 16) for word in words[0].split("-"))
    with open(f"/proc/{pid}/mem", "rb", 0) as memory, open(path, "rb") as file:
        memory.seek(start)
        file.seek(int(words[2], 16))
        data = file.read(end - start)
        return memory.read(len(data)), data
