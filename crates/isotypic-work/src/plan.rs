//! What a computation will cost, known before it starts.

use std::fmt;

use crate::error::WorkError;
use crate::human;
use crate::memory_limit::MemoryLimit;

/// Entries to compute, memory at the peak and time.
///
/// # Examples
///
/// ```
/// use isotypic_work::{MemoryLimit, Plan};
///
/// let plan = Plan { entries: 8_256, bytes: 13_002_342, seconds: 3.0 };
/// assert_eq!(plan.to_string(), "8,256 entries, 12.4 MiB, about 3 s");
/// let error = plan.check(&MemoryLimit::bytes(10 << 20)).unwrap_err();
/// assert_eq!(error.to_string(), "estimated memory 12.4 MiB exceeds the limit of 10 MiB");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plan {
    /// How many numbers (kernel entries, usually) are computed.
    pub entries: u64,
    /// Bytes held at the same time, at the peak.
    pub bytes: u64,
    /// Estimated seconds.
    pub seconds: f64,
}

impl Plan {
    /// The plan of this computation followed by another, which starts after the memory of this one is free.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self { bytes: self.bytes.max(next.bytes), ..self.alongside(next) }
    }

    /// The plan of two computations whose memory is held at the same time.
    #[must_use]
    pub fn alongside(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_add(other.entries),
            bytes: self.bytes.saturating_add(other.bytes),
            seconds: self.seconds + other.seconds,
        }
    }

    /// Refuses a plan that cannot fit.
    ///
    /// # Errors
    /// [`WorkError::MemoryExceeded`] when [`bytes`](Self::bytes) is above the limit.
    pub fn check(&self, limit: &MemoryLimit) -> Result<(), WorkError> {
        match limit.limit() {
            Some(limit_bytes) if self.bytes > limit_bytes => Err(WorkError::MemoryExceeded {
                needed: self.bytes,
                limit: limit_bytes,
                origin: limit.origin().clone(),
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.entries == 1 { "entry" } else { "entries" };
        let (entries, bytes) = (human::thousands(self.entries), human::bytes(self.bytes));
        write!(f, "{entries} {noun}, {bytes}, about {}", human::duration(self.seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Plan = Plan { entries: 10, bytes: 100, seconds: 1.5 };
    const RIGHT: Plan = Plan { entries: 5, bytes: 300, seconds: 0.5 };

    #[test]
    fn stages_in_sequence_share_memory_and_stages_at_once_do_not() {
        assert_eq!(LEFT.then(RIGHT), Plan { entries: 15, bytes: 300, seconds: 2.0 });
        assert_eq!(LEFT.alongside(RIGHT), Plan { entries: 15, bytes: 400, seconds: 2.0 });
    }

    #[test]
    fn costs_beyond_64_bits_saturate_and_are_refused() {
        let huge = Plan { entries: u64::MAX, bytes: u64::MAX, seconds: f64::INFINITY };
        let sum = huge.alongside(huge);
        assert_eq!((sum.entries, sum.bytes), (u64::MAX, u64::MAX));
        assert!(sum.check(&MemoryLimit::bytes(u64::MAX - 1)).is_err());
    }

    #[test]
    fn a_plan_at_the_limit_fits_and_without_limit_everything_does() {
        assert!(LEFT.check(&MemoryLimit::bytes(100)).is_ok());
        assert!(LEFT.check(&MemoryLimit::bytes(99)).is_err());
        assert!(LEFT.check(&MemoryLimit::none()).is_ok());
    }
}
