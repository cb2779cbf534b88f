//! Work on several threads, for estimates and for who makes ready what they take.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

/// Fewer items than this are not worth a thread.
const ITEMS_MIN: usize = 32_768;

/// Does both, on two threads where `n_threads` allows; a panic of either goes on here.
///
/// ```
/// assert_eq!(brunt_stats::threads::both(2, || 1 + 1, || "two"), (2, "two"));
/// ```
pub fn both<A, B: Send>(
    n_threads: usize,
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if n_threads < 2 {
        return (one(), other());
    }
    thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// What `part` makes of `0..n`, in order: a range for each thread where there is enough for it. A panic goes on here.
///
/// ```
/// let squares = brunt_stats::threads::in_parts(4, 2, |part| part.map(|n| n * n).collect());
/// assert_eq!(squares, [0, 1, 4, 9]);
/// ```
pub fn in_parts<T: Send>(
    n: usize,
    n_threads: usize,
    part: impl Fn(Range<usize>) -> Vec<T> + Sync,
) -> Vec<T> {
    let n_parts = n_threads.min(n / ITEMS_MIN).max(1);
    let bounds = |idx: usize| n * idx / n_parts..n * (idx + 1) / n_parts;
    thread::scope(|scope| {
        let part = &part;
        let others: Vec<_> =
            (1..n_parts).map(|idx| scope.spawn(move || part(bounds(idx)))).collect();
        let mut all = part(bounds(0));
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        all
    })
}

/// Runs `work` on `n_threads` threads, this one among them, and gives what they made in no order.
pub(crate) fn on_threads<T: Send>(
    n_threads: usize,
    work: impl Fn() -> Vec<T> + Send + Sync,
) -> Vec<T> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..n_threads).map(|_| scope.spawn(&work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_and_in_order() {
        for (n, n_threads) in [(0, 4), (1, 4), (100_003, 1), (100_003, 2), (100_003, 64)] {
            let all = in_parts(n, n_threads, |part| part.map(|row| 3 * row).collect());
            assert!(all.iter().copied().eq((0..n).map(|row| 3 * row)), "{n} on {n_threads}");
        }
    }
}
