//! The seam to whoever watches the memory of expressions.
//!
//! A path over two long lists makes their product, and no limit of the evaluator is looked at while it does; it does look
//! at whether it was cancelled. Nothing here waits or looks by itself: who embeds the language may set a [`Watcher`].

use std::sync::OnceLock;

use jsonata_core::evaluator::CancelToken;

static WATCHER: OnceLock<&'static dyn Watcher> = OnceLock::new();

/// Looks at the memory of the process while expressions are evaluated that may take much of it, and stops them.
pub trait Watcher: Sync {
    /// An expression begins, which may take `times` the usual. Answers a number of its own for it.
    fn begins(&self, stop: Stop, times: usize) -> u64;

    /// The expression of that number has ended.
    fn ends(&self, number: u64);
}

/// Has all expressions of the process watched from here on. The first watcher stays.
pub fn watch_with(watcher: &'static dyn Watcher) {
    // A second world in one process has the same one.
    let _ = WATCHER.set(watcher);
}

/// Stops an expression that is being evaluated.
#[derive(Clone, Debug)]
pub struct Stop(CancelToken);

impl Stop {
    /// The expression has no value: it was given up, as if its time were over.
    pub fn stop(&self) {
        self.0.cancel();
    }
}

/// An expression is watched until this is dropped.
pub(super) struct Watched(&'static dyn Watcher, u64);

/// Has an expression watched, if anybody watches; and what it is cancelled by.
pub(super) fn watch(times: usize) -> Option<(Watched, CancelToken)> {
    let watcher = *WATCHER.get()?;
    let token = CancelToken::new();
    Some((Watched(watcher, watcher.begins(Stop(token.clone()), times)), token))
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.ends(self.1);
    }
}
