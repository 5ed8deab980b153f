# SPDX-License-Identifier: Apache-2.0
"""
A Rust executable of more than 500 MB, with DWARF and a million functions, made once in half a minute: one crate is
compiled, and linked many times under other names, which are as long as its own.
"""

import os
import shutil
import subprocess
import tempfile
import time

from children import Failed

NAME = "big-rust"
CRATE = "desk000"
CRATE_CNT = 170
VENUE_CNT = 2000    # modules of a crate
FUNCTION_CNT = 3    # of a module
BYTES = 500_000_000

HEAD = """#![crate_type = "lib"]
#![no_std]
pub trait Sink {
    fn push(&mut self, count: u64) -> u64;
}
"""

VENUE = """pub mod venue_{0:04d} {{
    pub struct Order {{
        pub price: f64,
        pub size: u64,
    }}
    #[inline(always)]
    fn fee(order: &Order) -> u64 {{
        order.size / {1} + order.price as u64
    }}
    #[inline(never)]
    pub fn execute(order: &mut Order, count: u64) -> Result<u64, u32> {{
        if count == {0} {{
            return Err({1});
        }}
        order.size = order.size.wrapping_add(count);
        Ok(fee(order))
    }}
    impl super::Sink for Order {{
        #[inline(never)]
        fn push(&mut self, count: u64) -> u64 {{
            self.size ^= count.wrapping_add({0});
            fee(self)
        }}
    }}
    impl Order {{
        #[inline(never)]
        pub fn cancel(&mut self) -> u64 {{
            self.size = self.size.wrapping_sub({1});
            self.size
        }}
    }}
}}
"""

MAIN = """#include <unistd.h>
int main(void)
{
	for (;;)
		pause();
}
"""


def run(directory, *argv):
    done = subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{argv[0]} failed: {done.stderr.strip()[-300:]}")


def write(directory, name, content):
    with open(os.path.join(directory, name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def compile_crate(directory):
    """The object of one crate; the flags are of a usual release build with debug information, in one section."""
    source = HEAD + "".join(VENUE.format(i, i % 97 + 3) for i in range(VENUE_CNT))
    write(directory, "crate.rs", source)
    os.environ["RUSTC_BOOTSTRAP"] = "1"  # for the next two flags, which are not stable
    run(directory, os.environ.get("RUSTC", "rustc"), "-Zfunction-sections=no", "-Zunstable-options",
        "-Csymbol-mangling-version=legacy", "--edition=2021", "--crate-name", CRATE, "--emit=obj", "-Ccodegen-units=1",
        "-Copt-level=1", "-Cdebuginfo=2", "-o", "crate.o", "crate.rs")
    with open(os.path.join(directory, "crate.o"), "rb") as file:
        return file.read()


def link(directory, crate):
    names = [f"desk{i:03d}" for i in range(CRATE_CNT)]
    for name in names:
        write(directory, f"{name}.o", crate.replace(CRATE.encode(), name.encode()))
    write(directory, "main.c", MAIN)
    run(directory, os.environ.get("CC", "gcc"), "-g", "-o", NAME, "main.c", *(f"{name}.o" for name in names))


def make(directory):
    """Path of the executable in this directory, and how long it took to make it: None where it was there."""
    path = os.path.join(directory, NAME)
    if os.path.exists(path) and os.path.getmtime(path) > os.path.getmtime(__file__):
        return path, None
    if not shutil.which(os.environ.get("RUSTC", "rustc")):
        raise Failed("rustc is not there")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="big-rust.", dir=directory) as work:
        link(work, compile_crate(work))
        made = os.path.join(work, NAME)
        if os.path.getsize(made) < BYTES:
            raise Failed(f"{NAME} has only {os.path.getsize(made)} bytes")
        os.replace(made, path)
    return path, time.monotonic() - started
