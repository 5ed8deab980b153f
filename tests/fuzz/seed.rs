// SPDX-License-Identifier: Apache-2.0
//! Rust's names and the types of its results, without the library that makes every program large.
#![no_std]

pub struct Book<T> {
    pub last: T,
}

pub trait Sink {
    fn push(&mut self, count: u64) -> Option<u64>;
}

#[repr(u8)]
#[derive(Clone, Copy)]
pub enum Error {
    Closed = 3,
    Full(u32) = 7,
}

impl<T: Copy> Book<T> {
    #[inline(never)]
    pub fn insert(&mut self, value: T) -> T {
        core::mem::replace(&mut self.last, value)
    }
}

impl Sink for Book<u64> {
    #[inline(never)]
    fn push(&mut self, count: u64) -> Option<u64> {
        self.last ^= count;
        if self.last == 7 { None } else { Some(self.last) }
    }
}

pub mod feed {
    impl super::Book<u32> {
        #[inline(never)]
        pub fn cancel(&mut self) -> Result<u64, super::Error> {
            match self.insert(1) {
                0 => Err(super::Error::Closed),
                1 => Err(super::Error::Full(5)),
                n => Ok(rate(n)),
            }
        }
    }

    #[inline]
    fn rate(n: u32) -> u64 {
        u64::from(n).rotate_left(3)
    }
}

#[inline(never)]
pub fn apply<F: Fn(u64) -> u64>(f: F) -> Result<(), u32> {
    if f(1) > 3 { Err(1) } else { Ok(()) }
}

#[no_mangle]
pub extern "C" fn main(count: i32) -> i32 {
    let mut book = Book { last: 1u64 };
    let mut other = Book { last: 2u32 };
    let add = count as u64;
    let is_bad = apply(|n| n + add).is_err() || other.cancel().is_err();
    (book.push(add).is_none() || is_bad) as i32
}
