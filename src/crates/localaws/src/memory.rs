//! Who stops an expression that takes too much memory: a thread that looks at what the process holds while there are
//! expressions that may take much. It sleeps while there are none, and never decides anything else.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use asl::jsonata::{Stop, Watcher};

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

/// Has the expressions of this process watched.
pub(crate) fn watch() {
    asl::jsonata::watch_with(&*WATCH);
}

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
    stop: Stop,
    /// The memory of the process when it was seen first.
    from: Option<usize>,
    /// How many times the usual it may take.
    times: usize,
}

impl Watcher for Watch {
    fn begins(&self, stop: Stop, times: usize) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            self.open().push(Open { number, stop, from: None, times });
            if self.is_asleep.swap(false, Ordering::AcqRel) {
                thread.unpark();
            }
        }
        number
    }

    fn ends(&self, number: u64) {
        // There are as many as there are threads that evaluate.
        let mut open = self.open();
        if let Some(at) = open.iter().position(|open| open.number == number) {
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
                    (looks_without, before) = (0, held());
                    continue;
                }
            } else {
                looks_without = 0;
                for open in open.iter_mut() {
                    let grown = now.saturating_sub(*open.from.get_or_insert(before));
                    if grown > open.times * if now > LARGE { MOST_IF_LARGE } else { MOST } {
                        open.stop.stop();
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
