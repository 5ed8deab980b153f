// SPDX-License-Identifier: Apache-2.0

//! What every traced test program does: say that it is ready, wait for the word, tell its own truth as one line of
//! JSON, and wait to be let go.

use std::io::{self, Write};
use std::ops::AddAssign;
use std::{mem, process, ptr};

/// What tickscope has to show for one function.
#[derive(Clone, Copy, Default)]
pub struct Truth {
    pub count: u64,
    pub unwound: u64,
    pub errors: u64,
}

impl Truth {
    /// One call that returned.
    pub fn add(&mut self, failed: bool) {
        self.count += 1;
        self.errors += failed as u64;
    }

    fn json(&self) -> String {
        format!("\"count\":{},\"unwound\":{},\"errors\":{}", self.count, self.unwound, self.errors)
    }
}

impl AddAssign for Truth {
    fn add_assign(&mut self, other: Truth) {
        self.count += other.count;
        self.unwound += other.unwound;
        self.errors += other.errors;
    }
}

/// What a mode tells: the function that it is about, and others by name, or its instances by type.
#[derive(Default)]
pub struct Report {
    pub truth: Truth,
    pub functions: Vec<(&'static str, Truth)>,
    pub instances: Vec<(&'static str, u64)>,
}

impl From<Truth> for Report {
    fn from(truth: Truth) -> Report {
        Report { truth, ..Report::default() }
    }
}

impl Report {
    pub fn print(&self) {
        let mut text = self.truth.json();
        let functions: Vec<String> =
            self.functions.iter().map(|(n, t)| format!("\"{}\":{{{}}}", n, t.json())).collect();
        let instances: Vec<String> = self.instances.iter().map(|(n, c)| format!("\"{}\":{}", n, c)).collect();

        if !functions.is_empty() {
            text += &format!(",\"functions\":{{{}}}", functions.join(","));
        }
        if !instances.is_empty() {
            text += &format!(",\"instances\":{{{}}}", instances.join(","));
        }
        println!("{{{}}}", text);
        io::stdout().flush().expect("standard output is gone");
    }
}

pub fn wait() {
    let mut line = String::new();

    if io::stdin().read_line(&mut line).unwrap_or(0) == 0 {
        process::exit(0);
    }
}

pub fn fail(status: i32, why: &str) -> ! {
    eprintln!("rdesk: {}", why);
    process::exit(status)
}

/// The value, of which the compiler knows nothing afterwards (std::hint::black_box came with Rust 1.66).
#[inline(always)]
pub fn keep<T>(value: T) -> T {
    // Sound: the copy takes the place of the original, which is forgotten.
    unsafe {
        let copy = ptr::read_volatile(&value);
        mem::forget(value);
        copy
    }
}
