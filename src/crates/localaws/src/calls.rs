//! How many functions and services are called at once, and what waits when more are to be. Never refuses anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// As many functions run at once in an AWS account by default:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const AT_ONCE: usize = 1000;
/// How many calls may wait before those who start executions wait as well.
const MANY: usize = 1000;
/// How long they do: what they wait for may be a function that waits for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// The calls that tasks make.
pub(crate) struct Calls {
    places: Semaphore,
    waiting: AtomicUsize,
    fewer: Notify,
}

impl Default for Calls {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_ONCE), waiting: AtomicUsize::new(0), fewer: Notify::new() }
    }
}

impl Calls {
    /// A place for a call, once there is one. `None` never comes: nobody closes it.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = self.places.acquire().await.ok();
        if self.waiting.fetch_sub(1, Ordering::Relaxed) <= MANY {
            self.fewer.notify_waiters();
        }
        place
    }

    /// Waits a while, if many calls wait: each execution that starts takes memory until it ends.
    pub(crate) async fn room(&self) {
        let few = async {
            loop {
                let fewer = self.fewer.notified();
                if self.waiting.load(Ordering::Relaxed) < MANY {
                    return;
                }
                fewer.await;
            }
        };
        // After that it goes on all the same.
        let _ = tokio::time::timeout(PATIENCE, few).await;
    }
}
