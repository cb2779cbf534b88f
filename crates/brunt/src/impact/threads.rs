//! Work on several threads at once.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

/// Fewer rows than this are not worth a thread.
const ROWS_MIN: usize = 32_768;

/// Does both, on two threads where the settings allow.
pub(super) fn both<A, B: Send>(
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

/// What `part` makes of `0..n`, in order; a range for each thread.
pub(super) fn in_parts<T: Send>(
    n: usize,
    n_threads: usize,
    part: impl Fn(Range<usize>) -> Vec<T> + Sync,
) -> Vec<T> {
    let n_parts = n_threads.min(n / ROWS_MIN).max(1);
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
