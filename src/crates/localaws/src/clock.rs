//! The time of the embedded cloud: tokio's, so that a paused clock pauses all of it.

use std::time::Duration;

use tokio::time::Instant;

/// Milliseconds since 1970, as far as tokio's clock has gone on from when this was made, by a factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_millis: i64,
    scale: f64,
}

impl Clock {
    /// A clock on which `scale` seconds pass in one.
    pub(crate) fn new(scale: f64) -> Self {
        Self { start: Instant::now(), start_millis: jiff::Timestamp::now().as_millisecond(), scale }
    }

    pub(crate) fn now(&self) -> i64 {
        let gone = self.start.elapsed().mul_f64(self.scale);
        self.start_millis.saturating_add(i64::try_from(gone.as_millis()).unwrap_or(i64::MAX))
    }

    /// The instant at which `millis` since 1970 is reached.
    pub(crate) fn instant(&self, millis: i64) -> Instant {
        let ahead = u64::try_from(millis.saturating_sub(self.start_millis)).unwrap_or(0);
        // Far-away instants overflow the platform's clock; a year is as good as never and is set again then.
        let ahead = Duration::from_millis(ahead.min(1000 * 60 * 60 * 24 * 365)).div_f64(self.scale);
        // Rounded up to the millisecond, so that the time has come when the timer fires.
        self.start + Duration::from_micros(u64::try_from(ahead.as_micros()).unwrap_or(u64::MAX).saturating_add(1))
    }
}
