//! Chance that can be replayed: a generator seeded at the start of an execution.
//!
//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014). Not for secrets.

use std::collections::BTreeSet;

/// A generator. The same seed gives the same numbers.
///
/// Whether a query ends within its time is chance as well: the queries are counted, those that were given up are
/// noted, and a generator that was told of them gives up the same ones and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chance {
    state: u64,
    queries: u64,
    gave_up: Vec<u64>,
    foretold: Option<BTreeSet<u64>>,
}

/// What is known of a query's end before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// Nothing: it has its time.
    Open,
    /// It ended the first time, however long it takes now.
    Ends,
    /// It was given up the first time.
    GivenUp,
}

impl Chance {
    /// A generator that starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed, queries: 0, gave_up: Vec::new(), foretold: None }
    }

    /// The same for a replay: the queries of these numbers are given up, all others end.
    #[must_use]
    pub fn foretold(self, gave_up: BTreeSet<u64>) -> Self {
        Self { foretold: Some(gave_up), ..self }
    }

    /// The replay is over: from here on nothing is known beforehand.
    pub fn begin(&mut self) {
        self.foretold = None;
    }

    /// The numbers of the queries that were given up since this was last asked.
    pub fn take_given_up(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.gave_up)
    }

    /// Counts a query that begins.
    pub(crate) fn next_query(&mut self) -> Outlook {
        self.queries += 1;
        match &self.foretold {
            None => Outlook::Open,
            Some(gave_up) if gave_up.contains(&self.queries) => Outlook::GivenUp,
            Some(_) => Outlook::Ends,
        }
    }

    /// The query that began last took longer than it may.
    pub(crate) fn give_up(&mut self) {
        self.gave_up.push(self.queries);
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 (included) to 1 (excluded).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Multiply and shift: the bias is below 2^-64 times the bound.
        u64::try_from((u128::from(self.bits()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// A random UUID, version 4 (RFC 9562).
    pub fn uuid(&mut self) -> String {
        let bits = (u128::from(self.bits()) << 64) | u128::from(self.bits());
        let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
