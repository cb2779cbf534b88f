//! Work on several threads.

/// Runs `work` on `n_threads` threads, this one among them, and gives what they made in no order.
pub(super) fn on_threads<T: Send>(
    n_threads: usize,
    work: impl Fn() -> Vec<T> + Send + Sync,
) -> Vec<T> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..n_threads).map(|_| scope.spawn(&work)).collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })
}

/// Does both, on two threads where there may be.
pub(super) fn both<A, B: Send>(
    n_threads: usize,
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if n_threads < 2 {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
