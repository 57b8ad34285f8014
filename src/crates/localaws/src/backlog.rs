//! What waits to be done, of the executions that run: calls of functions and services, and steps that may take long. While
//! that is much, whoever calls `StartExecution` waits as well, but not for long. Never refuses anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// As many functions run at once in an AWS account by default:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const CALLS_AT_ONCE: usize = 1000;
/// How much may wait before those who start executions wait as well: each that runs takes memory until it ends.
const MUCH: usize = 250;
/// How long they do: what they wait for may be a function that waits for them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Counts what waits.
pub(crate) struct Backlog {
    calls: Semaphore,
    waiting: AtomicUsize,
    less: Notify,
}

impl Default for Backlog {
    fn default() -> Self {
        Self { calls: Semaphore::new(CALLS_AT_ONCE), waiting: AtomicUsize::new(0), less: Notify::new() }
    }
}

impl Backlog {
    /// Something waits from here on.
    pub(crate) fn one_more(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Something has its turn.
    pub(crate) fn one_less(&self) {
        if self.waiting.fetch_sub(1, Ordering::Relaxed) <= MUCH {
            self.less.notify_waiters();
        }
    }

    /// The turn of a call that was counted. `None` never comes: nobody closes it.
    pub(crate) async fn call(&self) -> Option<SemaphorePermit<'_>> {
        let place = self.calls.acquire().await.ok();
        self.one_less();
        place
    }

    /// Waits a while, if much waits already.
    pub(crate) async fn room(&self) {
        let little = async {
            loop {
                let less = self.less.notified();
                if self.waiting.load(Ordering::Relaxed) < MUCH {
                    return;
                }
                less.await;
            }
        };
        // After that it goes on all the same.
        let _ = tokio::time::timeout(PATIENCE, little).await;
    }
}
