//! What a user may set of the dashboard, as plain data.
//!
//! Where it is written is not known here, nor is the machine's time zone.

use super::model::Pane;
use crate::facts::Millis;

/// Everything that can be set, apart from keys and colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The columns of the list of executions, from the left; where room is short, the last go first.
    pub columns: Vec<Column>,
    /// The zone that times are shown in.
    pub zone: Zone,
    /// How a time is told.
    pub times: TimeStyle,
    /// The accounts, by number, and profiles that are production.
    pub production: Vec<String>,
    /// The regions whose state machines are listed together.
    pub regions: Vec<String>,
    /// Whether everything that changes something in the cloud is refused.
    pub read_only: bool,
    /// How often the cloud is asked where nobody tells of changes.
    pub poll: Poll,
    /// How large the panes are.
    pub panes: Shares,
    /// Whether the mouse is listened to; without, the terminal's own selection works.
    pub mouse: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            columns: Column::NAMES.iter().map(|(_, column)| *column).collect(),
            zone: Zone::Local,
            times: TimeStyle::Absolute,
            production: Vec::new(),
            regions: Vec::new(),
            read_only: false,
            poll: Poll::default(),
            panes: Shares::default(),
            mouse: true,
        }
    }
}

impl Settings {
    /// Whether the account, or the profile that reaches it, is production.
    pub fn is_production(&self, account: Option<&str>, profile: Option<&str>) -> bool {
        self.production.iter().any(|named| [account, profile].contains(&Some(named.as_str())))
    }
}

/// A column of the list of executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The sign of its status.
    Status,
    /// Its name.
    Name,
    /// The order that it handles.
    Order,
    /// The state that it is in.
    State,
    /// When it started.
    Started,
    /// How long it took, or has taken so far.
    Duration,
}

impl Column {
    /// All of them, by their names in a configuration.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("status", Self::Status),
        ("name", Self::Name),
        ("order", Self::Order),
        ("state", Self::State),
        ("started", Self::Started),
        ("duration", Self::Duration),
    ];
}

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// That of the machine.
    Local,
    /// UTC.
    Utc,
}

impl Zone {
    /// All of them, by their names in a configuration.
    pub const NAMES: &'static [(&'static str, Self)] = &[("local", Self::Local), ("utc", Self::Utc)];
}

/// How a time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeStyle {
    /// As the time that has passed since.
    Relative,
    /// As date and time of day.
    Absolute,
}

impl TimeStyle {
    /// All of them, by their names in a configuration.
    pub const NAMES: &'static [(&'static str, Self)] = &[("relative", Self::Relative), ("absolute", Self::Absolute)];
}

/// How often the cloud is asked where nobody tells of changes, in milliseconds between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// While something runs.
    pub fastest: Millis,
    /// While nothing does, and after answers that ask for patience.
    pub slowest: Millis,
}

impl Poll {
    /// The least and the most that can be set: AWS throttles whom asks more often, and an hour is as good as never.
    pub const BOUNDS: (Millis, Millis) = (200, 3_600_000);
}

impl Default for Poll {
    fn default() -> Self {
        Self { fastest: 1_000, slowest: 5_000 }
    }
}

/// How large the panes are where all of them stand side by side, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The graph, of the width.
    pub graph: u16,
    /// The lists, of the width beside the graph.
    pub lists: u16,
    /// The executions, of the height of the lists; the orders have the rest.
    pub executions: u16,
    /// The logs, of the height.
    pub logs: u16,
}

impl Shares {
    /// The least and the most that can be set.
    pub const BOUNDS: (u16, u16) = (10, 90);
    /// What a key changes.
    const STEP: u16 = 5;

    /// Makes a pane larger or smaller, at the cost of those beside it.
    pub fn resize(&mut self, pane: Pane, larger: bool) {
        let (share, larger) = match pane {
            Pane::Graph => (&mut self.graph, larger),
            Pane::Executions => (&mut self.executions, larger),
            Pane::Orders => (&mut self.executions, !larger),
            Pane::Inspector => (&mut self.lists, !larger),
            Pane::Logs | Pane::Timeline | Pane::Events | Pane::Metrics => (&mut self.logs, larger),
        };
        let changed = if larger { *share + Self::STEP } else { share.saturating_sub(Self::STEP) };
        *share = changed.clamp(Self::BOUNDS.0, Self::BOUNDS.1);
    }
}

impl Default for Shares {
    fn default() -> Self {
        Self { graph: 51, lists: 42, executions: 55, logs: 26 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_told_by_account_or_profile() {
        let settings =
            Settings { production: vec!["123456789012".to_owned(), "live".to_owned()], ..Settings::default() };
        let cases = [
            (Some("123456789012"), None, true),
            (Some("210987654321"), Some("live"), true),
            (Some("210987654321"), Some("dev"), false),
            (None, None, false),
        ];
        for (account, profile, expected) in cases {
            assert_eq!(settings.is_production(account, profile), expected, "{account:?} {profile:?}");
        }
    }
}
