//! Two pieces of work at once.

use std::panic::resume_unwind;
use std::thread;

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
