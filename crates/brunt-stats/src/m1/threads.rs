//! The same work on several threads.

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
