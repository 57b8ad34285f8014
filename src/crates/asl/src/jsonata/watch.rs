//! Who stops an expression that takes too much memory.
//!
//! A path over two long lists makes their product, and no limit of the evaluator is looked at while it does; it does look
//! at whether it was cancelled. A thread of our own looks at the memory of the process while such expressions run, and
//! cancels one that makes it grow. It sleeps while there are none. Never decides anything else: what an expression means
//! does not depend on it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use jsonata_core::evaluator::CancelToken;

/// How much an expression may make the process grow, in bytes.
const MOST: usize = 128 << 20;
/// The same while the process holds more than [`LARGE`]: of what was freed, much is kept for the next.
const MOST_IF_LARGE: usize = 64 << 20;
const LARGE: usize = 512 << 20;
/// How often the memory is looked at while there are expressions.
const LOOK: Duration = Duration::from_millis(5);
/// After how many looks without any the thread sleeps.
const LOOKS_BEFORE_SLEEP: usize = 50;

static WATCH: LazyLock<Watch> = LazyLock::new(Watch::new);

struct Watch {
    open: Mutex<Vec<Open>>,
    is_asleep: AtomicBool,
    next: AtomicU64,
    /// None when no thread could be had: then nobody watches, and the other limits hold alone.
    thread: Option<Thread>,
}

/// An expression that is being evaluated.
struct Open {
    number: u64,
    token: CancelToken,
    /// The memory of the process when it was seen first.
    from: Option<usize>,
    /// How many times the usual it may take.
    times: usize,
}

/// An expression is watched until this is dropped.
pub(super) struct Watched(u64);

/// Watches an expression: its token is cancelled when it takes more than `times` the usual.
pub(super) fn watch(token: &CancelToken, times: usize) -> Watched {
    let watch = &*WATCH;
    let number = watch.next.fetch_add(1, Ordering::Relaxed);
    if let Some(thread) = &watch.thread {
        watch.open().push(Open { number, token: token.clone(), from: None, times });
        if watch.is_asleep.swap(false, Ordering::AcqRel) {
            thread.unpark();
        }
    }
    Watched(number)
}

impl Drop for Watched {
    fn drop(&mut self) {
        // There are as many as there are threads that evaluate.
        let mut open = WATCH.open();
        if let Some(at) = open.iter().position(|open| open.number == self.0) {
            open.swap_remove(at);
        }
    }
}

impl Watch {
    fn new() -> Self {
        let thread = std::thread::Builder::new().name("jsonata-memory".into()).spawn(|| WATCH.look());
        Self {
            open: Mutex::default(),
            is_asleep: AtomicBool::new(false),
            next: AtomicU64::new(0),
            thread: thread.ok().map(|handle| handle.thread().clone()),
        }
    }

    fn open(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) {
        let (mut looks_without, mut before) = (0, held());
        loop {
            std::thread::sleep(LOOK);
            let now = held();
            let mut open = self.open();
            if open.is_empty() {
                looks_without += 1;
                if looks_without > LOOKS_BEFORE_SLEEP {
                    // Under the lock: whoever adds one from here on sees it, and wakes us.
                    self.is_asleep.store(true, Ordering::Release);
                    drop(open);
                    while self.is_asleep.load(Ordering::Acquire) {
                        std::thread::park();
                    }
                    looks_without = 0;
                }
            } else {
                looks_without = 0;
                for open in open.iter_mut() {
                    let grown = now.saturating_sub(*open.from.get_or_insert(before));
                    if grown > open.times * if now > LARGE { MOST_IF_LARGE } else { MOST } {
                        open.token.cancel();
                    }
                }
            }
            before = now;
        }
    }
}

/// The memory that the process holds, in bytes; 0 where that cannot be known.
fn held() -> usize {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem)
}
