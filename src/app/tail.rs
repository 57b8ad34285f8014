//! A Live Tail session: since when it runs, and what it costs so far.
//!
//! Opens none and reads no clock.

use crate::facts::Millis;

/// Hundredths of a cent that AWS takes for a minute of a session: 0.01 USD in most regions.
/// <https://aws.amazon.com/cloudwatch/pricing/>
const MINUTE: Millis = 100;

/// A session that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The number that its lines come with.
    pub request: u64,
    /// Since when; `None` until somebody says what time it is.
    pub since: Option<Millis>,
}

impl Tail {
    /// For how long it has run, and what that costs where somebody bills it: `live tail 2m05s $0.03`.
    pub fn told(self, now: Millis, is_billed: bool) -> String {
        let seconds = (now - self.since.unwrap_or(now)).max(0) / 1_000;
        let took = format!("live tail {}m{:02}s", seconds / 60, seconds % 60);
        if !is_billed {
            return took;
        }
        // A minute that has begun is paid.
        let cents = (seconds / 60 + 1) * MINUTE / 100;
        format!("{took} ${}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_costs_is_told_by_begun_minutes() {
        assert_eq!(Tail { request: 1, since: None }.told(600_000, true), "live tail 0m00s $0.01");
        let cases = [
            (0, true, "live tail 0m00s $0.01"),
            (59_999, true, "live tail 0m59s $0.01"),
            (125_000, true, "live tail 2m05s $0.03"),
            (3 * 3_600_000, true, "live tail 180m00s $1.81"),
            (125_000, false, "live tail 2m05s"),
            (-5, true, "live tail 0m00s $0.01"),
        ];
        for (took, is_billed, expected) in cases {
            assert_eq!(Tail { request: 1, since: Some(1_000) }.told(1_000 + took, is_billed), expected);
        }
    }
}
