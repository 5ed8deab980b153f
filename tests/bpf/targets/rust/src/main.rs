// SPDX-License-Identifier: Apache-2.0

//! Does what only Rust programs do, for tests of the probes: rdesk MODE COUNT THREADS. What is traced stands at the
//! root, for names as short as rdesk::price; the modes that call it are in modes.rs.

use std::error::Error;
use std::fmt;
use std::ops::Add;

mod modes;
mod protocol;

use protocol::{fail, keep, wait};

#[inline(never)]
fn price(i: i64) -> i64 {
    let i = keep(i);

    if i % 7 == 0 {
        -i - 1
    } else {
        i * 3
    }
}

#[inline(never)]
fn sum<T: Add<Output = T> + Copy>(a: T, b: T) -> T {
    keep(a) + keep(b) + b
}

#[inline(never)]
fn thrower(i: i64) -> i64 {
    let i = keep(i);

    if i % 3 == 0 {
        panic!("no price for {}", i);
    }
    i + 1
}

/// The panic only passes through.
#[inline(never)]
fn passed_through(i: i64) -> i64 {
    keep(thrower(i)) + 1
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let mut frame = [0u64; 16];

    frame[(depth % 16) as usize] = keep(depth);
    if depth > 1 {
        frame[0] += recurse(depth - 1);
    }
    keep(frame)[(depth % 16) as usize] + keep(frame)[0]
}

/// Large enough to come back in memory, with its discriminant in its own place.
#[derive(Debug)]
#[allow(dead_code)]
enum OrderError {
    Rejected { code: u32, reason: [u64; 4] },
    TooLarge { wanted: u64, allowed: u64 },
    Closed,
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self)
    }
}

impl Error for OrderError {}

#[inline(never)]
fn execute(i: u64) -> Result<u64, OrderError> {
    let i = keep(i);

    match i % 10 {
        0 => Err(OrderError::Rejected { code: i as u32, reason: [i; 4] }),
        4 => Err(OrderError::TooLarge { wanted: i, allowed: 4 }),
        7 => Err(OrderError::Closed),
        _ => Ok(i * 2),
    }
}

#[inline(never)]
fn small(i: u64) -> Result<u32, u8> {
    let i = keep(i);

    if i % 4 == 0 {
        Err(i as u8)
    } else {
        Ok(i as u32 + 1)
    }
}

#[inline(never)]
fn unit(i: u64) -> Result<(), ()> {
    if keep(i) % 5 == 0 {
        Err(())
    } else {
        Ok(())
    }
}

#[inline(never)]
fn boxed(i: u64) -> Result<(), Box<dyn Error>> {
    if keep(i) % 6 == 0 {
        Err(Box::new(OrderError::Closed))
    } else {
        Ok(())
    }
}

#[inline(never)]
fn option(i: u64) -> Option<u64> {
    let i = keep(i);

    if i % 3 == 0 {
        None
    } else {
        Some(i)
    }
}

#[derive(Clone, Copy)]
struct Order {
    quantity: u64,
    price: u64,
}

static ORDERS: [Order; 4] = [Order { quantity: 1, price: 100 }; 4];

#[inline(never)]
fn reference(i: u64) -> Option<&'static Order> {
    let i = keep(i);

    if i % 8 == 0 {
        None
    } else {
        ORDERS.get((i % 4) as usize)
    }
}

#[inline(never)]
fn string(i: u64) -> Result<String, String> {
    let i = keep(i);

    if i % 9 == 0 {
        Err(format!("order {} was refused", i))
    } else {
        Ok(format!("order {} was filled", i))
    }
}

struct Book<T> {
    last: Option<T>,
    inserted: u64,
}

impl<T: Copy> Book<T> {
    #[inline(never)]
    fn insert(&mut self, value: T) -> u64 {
        self.last = keep(Some(value));
        self.inserted += 1;
        self.inserted
    }
}

trait Sink {
    fn push(&mut self, i: u64) -> bool;
}

struct Market {
    sum: u64,
}

impl Sink for Market {
    #[inline(never)]
    fn push(&mut self, i: u64) -> bool {
        self.sum += keep(i);
        self.sum % 2 == 0
    }
}

#[inline(never)]
fn make_handler(fee: i64) -> Box<dyn Fn(i64) -> i64> {
    Box::new(move |i| keep(i) * 5 - fee)
}

// The same code, which the compiler makes one: two names at one address, since both are seen from outside, by names as
// it makes them.
#[export_name = "_ZN5rdesk8folded_a17h1b6f09d3c27e845aE"]
#[inline(never)]
pub fn folded_a(i: u64) -> u64 {
    keep(i).rotate_left(9) ^ 0x5a5a
}

#[export_name = "_ZN5rdesk8folded_b17h8c42e70f95d1a36bE"]
#[inline(never)]
pub fn folded_b(i: u64) -> u64 {
    keep(i).rotate_left(9) ^ 0x5a5a
}

#[inline(always)]
fn inlined_only(i: i64) -> i64 {
    keep(i) * 9 - 4
}

#[inline(never)]
fn uses_inlined(i: i64) -> i64 {
    inlined_only(i) ^ inlined_only(i + 1)
}

fn argument(i: usize, otherwise: u64) -> u64 {
    match std::env::args().nth(i).map(|text| text.parse::<u32>()) {
        None => otherwise,
        Some(Ok(n)) if n > 0 => n.into(),
        Some(_) => fail(2, "COUNT and THREADS are positive numbers"),
    }
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let mode = match modes::find(&name) {
        Some(mode) => mode,
        None => fail(2, "there is no such mode in this build"),
    };
    let (n, threads) = (argument(2, 300), argument(3, 1));

    std::panic::set_hook(Box::new(|_| {}));
    println!("ready");
    wait();
    mode(n, threads).print();
    wait();
}
