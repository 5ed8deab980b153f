# SPDX-License-Identifier: Apache-2.0
"""Where the instructions of a function are, in its file and in a process that runs it."""

import re
import struct
import subprocess

from children import Failed

ELF64_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
ELF64_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PT_LOAD = 1


def file_offset(path, address):
    with open(path, "rb") as file:
        image = file.read()
    fields = ELF64_HEADER.unpack_from(image)
    table, entry_bytes, cnt = fields[4], fields[8], fields[9]
    for i in range(cnt):
        kind, _, offset, low, _, file_bytes, _, _ = ELF64_PROGRAM_HEADER.unpack_from(image, table + i * entry_bytes)
        if kind == PT_LOAD and low <= address < low + file_bytes:
            return offset + address - low
    raise Failed(f"{path}: no segment holds address {address:#x}")


def sites_of(path, function):
    """File offsets: `start` of the function, `entry` (start, or what follows endbr64), its only `ret`."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", f"--disassemble={function}", path],
        check=True, capture_output=True, text=True,
    ).stdout
    code = [(int(address, 16), name) for address, name in re.findall(r"^ +([0-9a-f]+):\t(\S+)", listing, re.M)]
    rets = [address for address, name in code if name == "ret"]
    if not code or len(rets) != 1:
        raise Failed(f"{path}: {function} is not a function with one ret")
    entry = code[1] if code[0][1] == "endbr64" else code[0]
    if entry[1] not in ("push", "nopl"):
        raise Failed(f"{path}: {function} starts with {entry[1]}: built with unexpected flags?")
    addresses = {"start": code[0][0], "entry": entry[0], "ret": rets[0]}
    return {name: file_offset(path, address) for name, address in addresses.items()}


def text_at(pid, path, offset, length=1):
    """The bytes that a process executes at an offset of a file: 0xcc where a probe is in place."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            span, _, file_start, _, _, *name = line.split(maxsplit=5)
            low, high = (int(word, 16) for word in span.split("-"))
            start = int(file_start, 16)
            if name and name[0].strip() == path and start <= offset < start + high - low:
                with open(f"/proc/{pid}/mem", "rb") as memory:
                    memory.seek(low + offset - start)
                    return memory.read(length)
    raise Failed(f"{path} is not mapped at offset {offset}")
