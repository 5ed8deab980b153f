// SPDX-License-Identifier: Apache-2.0

//! The modes: COUNT calls of something on each of THREADS threads, and what is true of them.

use std::thread;

use crate::protocol::{keep, Report, Truth};
use crate::*;

pub type Mode = fn(u64, u64) -> Report;

const RECURSION_DEPTH: u64 = 100;

#[cfg(not(panic = "abort"))]
const UNWINDING: &[(&str, Mode)] = &[("panic", unwinding::mode_panic), ("thread-panic", unwinding::mode_thread_panic)];
#[cfg(panic = "abort")]
const UNWINDING: &[(&str, Mode)] = &[("abort", mode_abort)];

const MODES: &[(&str, Mode)] = &[
    ("leaf", mode_leaf),
    ("threads", mode_threads),
    ("generic", mode_generic),
    ("recursion", mode_recursion),
    ("result-execute", |n, threads| each_call(n, threads, |i| keep(execute(i)).is_err())),
    ("result-small", |n, threads| each_call(n, threads, |i| keep(small(i)).is_err())),
    ("result-unit", |n, threads| each_call(n, threads, |i| keep(unit(i)).is_err())),
    ("result-boxed", |n, threads| each_call(n, threads, |i| keep(boxed(i)).is_err())),
    ("result-option", |n, threads| each_call(n, threads, |i| keep(option(i)).is_none())),
    ("result-reference", |n, threads| each_call(n, threads, |i| reference(i).map(worth).is_none())),
    ("result-string", |n, threads| each_call(n, threads, |i| keep(string(i)).is_err())),
    ("method", mode_method),
    ("closure", mode_closure),
    ("folded", mode_folded),
    ("inlined", mode_inlined),
];

pub fn find(name: &str) -> Option<Mode> {
    MODES.iter().chain(UNWINDING).find(|(n, _)| *n == name).map(|(_, mode)| *mode)
}

fn worth(order: &Order) -> u64 {
    keep(order.quantity) * keep(order.price)
}

/// Runs the body on as many threads at once, the main one among them, and adds up what they tell.
fn each_thread(threads: u64, body: impl Fn() -> Truth + Copy + Send + 'static) -> Truth {
    let others: Vec<_> = (1..threads).map(|_| thread::spawn(body)).collect();
    let mut sum = body();

    for other in others {
        sum += other.join().expect("a thread has died");
    }
    sum
}

/// N calls on each thread, which say whether they failed.
fn each_call(n: u64, threads: u64, call: fn(u64) -> bool) -> Report {
    let truth = each_thread(threads, move || {
        let mut own = Truth::default();

        for i in 0..n {
            own.add(call(i));
        }
        own
    });
    truth.into()
}

/// The same with a name for what is called.
fn each_named(n: u64, threads: u64, name: &'static str, call: fn(u64) -> bool) -> (&'static str, Truth) {
    (name, each_call(n, threads, call).truth)
}

fn total(parts: &[(&'static str, Truth)]) -> Truth {
    let mut sum = Truth::default();

    for (_, part) in parts {
        sum += *part;
    }
    sum
}

fn mode_leaf(n: u64, threads: u64) -> Report {
    each_call(n, threads, |i| keep(price(i as i64)) < 0)
}

/// N times as many new threads, of ten calls each.
fn mode_threads(n: u64, threads: u64) -> Report {
    let mut sum = Truth::default();

    for _ in 0..n {
        let others: Vec<_> = (0..threads).map(|_| thread::spawn(|| mode_leaf(10, 1).truth)).collect();

        for other in others {
            sum += other.join().expect("a thread has died");
        }
    }
    sum.into()
}

/// N calls with i32, 2n with i64, 3n with f64.
fn mode_generic(n: u64, threads: u64) -> Report {
    let parts = [
        each_named(n, threads, "i32", |i| keep(sum(i as i32, 1)) < 0),
        each_named(2 * n, threads, "i64", |i| keep(sum(i as i64, 1)) < 0),
        each_named(3 * n, threads, "f64", |i| keep(sum(i as f64, 0.5)) < 0.0),
    ];

    Report {
        truth: total(&parts),
        instances: parts.iter().map(|(name, part)| (*name, part.count)).collect(),
        ..Report::default()
    }
}

fn mode_recursion(n: u64, threads: u64) -> Report {
    let mut report = each_call(n, threads, |_| keep(recurse(RECURSION_DEPTH)) == 0);

    report.truth.count *= RECURSION_DEPTH;
    report
}

/// N calls of a method of each instance of a generic type, and of one of a trait.
fn mode_method(n: u64, threads: u64) -> Report {
    let insert = each_thread(threads, move || {
        let mut own = Truth::default();
        let mut numbers = Book { last: None, inserted: 0 };
        let mut orders = Book { last: None, inserted: 0 };

        for i in 0..n {
            own.add(keep(numbers.insert(i)) == 0);
            own.add(keep(orders.insert(ORDERS[(i % 4) as usize])) == 0);
        }
        own
    });
    let push = each_thread(threads, move || {
        let mut own = Truth::default();
        let mut market = Market { sum: 0 };
        let sink = keep(&mut market as &mut dyn Sink);

        for i in 0..n {
            own.add(!sink.push(i));
        }
        own
    });

    Report {
        truth: insert,
        functions: vec![("rdesk::Book<T>::insert", insert), ("<rdesk::Market as rdesk::Sink>::push", push)],
        ..Report::default()
    }
}

fn mode_closure(n: u64, threads: u64) -> Report {
    let truth = each_thread(threads, move || {
        let mut own = Truth::default();
        let handler = keep(make_handler(2));

        for i in 0..n {
            own.add(handler(i as i64) < 0);
        }
        own
    });
    truth.into()
}

/// N calls of the one, 2n of the other: all of them at one address, if they were made one.
fn mode_folded(n: u64, threads: u64) -> Report {
    let parts = [
        each_named(n, threads, "rdesk::folded_a", |i| keep(folded_a(i)) == 0),
        each_named(2 * n, threads, "rdesk::folded_b", |i| keep(folded_b(i)) == 0),
    ];

    Report { truth: total(&parts), functions: parts.to_vec(), ..Report::default() }
}

fn mode_inlined(n: u64, threads: u64) -> Report {
    each_call(n, threads, |i| keep(uses_inlined(i as i64)) < 0)
}

#[cfg(not(panic = "abort"))]
mod unwinding {
    use super::*;
    use std::panic::catch_unwind;

    fn catches(i: i64) -> bool {
        catch_unwind(|| passed_through(i)).is_err()
    }

    pub fn mode_panic(n: u64, threads: u64) -> Report {
        let truth = each_thread(threads, move || {
            let mut own = Truth::default();

            for i in 1..=n as i64 {
                if catches(i) {
                    own.unwound += 1;
                } else {
                    own.add(false);
                }
            }
            own.add(catches(1)); // at the same depth: closes the last span that was left
            own
        });

        Report {
            truth,
            functions: vec![("rdesk::thrower", truth), ("rdesk::passed_through", truth)],
            ..Report::default()
        }
    }

    /// Every thread ends by its panic.
    pub fn mode_thread_panic(n: u64, threads: u64) -> Report {
        let mut truth = Truth::default();

        for _ in 0..n {
            let others: Vec<_> = (0..threads).map(|_| thread::spawn(|| passed_through(3))).collect();

            for other in others {
                truth.unwound += other.join().is_err() as u64;
            }
        }
        truth.into()
    }
}

/// Only calls that return: the first panic would end the program.
#[cfg(panic = "abort")]
fn mode_abort(n: u64, threads: u64) -> Report {
    each_call(n, threads, |i| keep(passed_through(i as i64 * 3 + 1)) < 0)
}
