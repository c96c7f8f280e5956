//! Scratch space that is made once per thread and used again for every tile.
//!
//! Allocations above a threshold of the allocator come as fresh pages from the system, and each page costs a fault when it is first
//! touched. A tile is as large as that threshold, so a tile that allocates costs more than its arithmetic.

use std::sync::{Mutex, PoisonError};

/// Spaces that are not in use. There are never more of them than tasks that ran at the same time.
pub(crate) struct ScratchPool<'a, S> {
    idle: Mutex<Vec<S>>,
    new: Box<dyn Fn() -> S + Sync + 'a>,
}

impl<'a, S> ScratchPool<'a, S> {
    /// An empty pool; `new` makes a space where none is idle.
    pub(crate) fn new(new: impl Fn() -> S + Sync + 'a) -> Self {
        Self { idle: Mutex::new(Vec::new()), new: Box::new(new) }
    }

    /// Lends a space, with whatever the last borrower left in it.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut S) -> R) -> R {
        // A list of idle spaces is whole at any time, so a panic elsewhere does not matter.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut space = taken.unwrap_or_else(&self.new);
        let result = work(&mut space);
        idle().push(space);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_space_is_made_only_where_none_is_idle() {
        let made = AtomicUsize::new(0);
        let pool = ScratchPool::new(|| {
            made.fetch_add(1, Ordering::Relaxed);
            Vec::new()
        });
        pool.with(|outer: &mut Vec<u8>| {
            outer.push(1);
            pool.with(|inner| assert!(inner.is_empty()));
        });
        assert_eq!(made.load(Ordering::Relaxed), 2);
        pool.with(|last| assert_eq!(*last, [1]));
        assert_eq!(made.load(Ordering::Relaxed), 2);
    }
}
