//! All executions at once: badges for the graph, and the table of states and of failures that are alike.
//!
//! It draws what was counted, and counts nothing. Where the table has no room the bars go first, then the median, what
//! was passed and the 95th percentile; what is in a state now and what failed stay.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::cells::{Page, Times, aligned_right, below, padded, row, short, sign};
use super::text::{clean, cut, duration};
use super::theme::Theme;
use crate::app::fleet::{Fleet, Group, StateCounts};
use crate::app::fleet_view::{FleetView, Window};
use crate::app::run::VisitStatus;
use crate::facts::{ExecutionStatus, Millis};

/// The columns of a number and of a duration.
const NUMBER: usize = 6;
/// The columns that a state's name needs, and those that it takes where there is room.
const NAME: (usize, usize) = (12, 32);
/// The columns of a bar, at the least and at the most.
const BAR: (usize, usize) = (6, 24);
/// From so many columns on a group of failures has one line, below that two.
const ONE_LINE: usize = 90;

/// What the box of a state tells of all executions: `▶3 ✗2`, or `✓12` where all is well and done. `None` for a state
/// that no execution entered, or in which nothing has ended.
///
/// What failed counts more for the style than what goes on.
pub(super) fn badge(theme: &Theme, fleet: &Fleet, state: &str) -> Option<(String, Style)> {
    let counts = fleet.state(state)?;
    let told = |status: VisitStatus, count: usize| {
        let (sign, style) = theme.visit(Some(status));
        (count > 0).then(|| (format!("{sign}{}", short(count)), style))
    };
    let now = told(VisitStatus::Running, counts.now);
    let failed = told(VisitStatus::Failed, counts.failures);
    match (now, failed) {
        (Some((now, _)), Some((failed, style))) => Some((format!("{now} {failed}"), style)),
        (Some(only), None) | (None, Some(only)) => Some(only),
        (None, None) => told(VisitStatus::Succeeded, counts.passed),
    }
}

/// The first line to show so that the chosen one is in the middle, as far as there are lines around it.
fn middle_row(chosen: usize, length: usize, rows: usize) -> usize {
    chosen.saturating_sub(rows / 2).min(length.saturating_sub(rows))
}

/// The table, with what is chosen in view.
pub(super) fn draw(fleet: &Fleet, view: &FleetView, times: Times<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let table = Table::new(fleet, view, times, theme, usize::from(area.width));
    if let Some(area) = row(area, 0) {
        table.summary().render(area, buffer);
    }
    let area = below(area, 1);
    if fleet.states.is_empty() && fleet.groups.is_empty() {
        let text = match (fleet.executions, view.window()) {
            (0, Window::Ever) => "No execution is known yet.",
            (0, _) => "No execution runs, or has ended in this time.",
            _ => "No history was read yet.",
        };
        Span::styled(cut(text, table.width), theme.dim).render(area, buffer);
        return;
    }
    let mut page = Page::new(Rect { height: 0, ..area }, 0, buffer);
    table.fill(&mut page);
    let first = middle_row(table.chosen_line(), page.lines(), usize::from(area.height));
    table.fill(&mut Page::new(area, first, buffer));
}

struct Table<'a> {
    fleet: &'a Fleet,
    view: &'a FleetView,
    times: Times<'a>,
    theme: &'a Theme,
    width: usize,
    columns: Columns,
    /// The longest 95th percentile, for the bars.
    slowest: Millis,
}

/// Which columns there are beside the name, what goes on, and what failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    name: usize,
    has_passed: bool,
    has_p50: bool,
    has_p95: bool,
    bar: Option<usize>,
}

impl Columns {
    fn of(width: usize) -> Self {
        // What the name needs, with the two numbers that stay; a blank stands before each column.
        let mut spare = width.saturating_sub(NAME.0 + 2 * (NUMBER + 1));
        let mut takes = |columns: usize| {
            let fits = columns < spare;
            if fits {
                spare -= columns + 1;
            }
            fits
        };
        let has_p95 = takes(NUMBER);
        let has_passed = has_p95 && takes(NUMBER);
        let has_p50 = has_passed && takes(NUMBER);
        let has_bar = has_p50 && takes(BAR.0);
        let name = NAME.0 + spare.min(NAME.1 - NAME.0);
        let bar = has_bar.then_some((BAR.0 + spare.saturating_sub(NAME.1 - NAME.0)).min(BAR.1));
        Self { name: name.min(width.saturating_sub(2 * (NUMBER + 1)).max(1)), has_passed, has_p50, has_p95, bar }
    }
}

impl<'a> Table<'a> {
    fn new(fleet: &'a Fleet, view: &'a FleetView, times: Times<'a>, theme: &'a Theme, width: usize) -> Self {
        let slowest = fleet.states.iter().filter_map(|counts| counts.p95).max().unwrap_or_default();
        Self { fleet, view, times, theme, width, columns: Columns::of(width), slowest }
    }

    /// How many executions were counted, and since when.
    fn summary(&self) -> Line<'static> {
        let Fleet { executions, unread, .. } = self.fleet;
        let unread = if *unread > 0 { format!(", {unread} not read") } else { String::new() };
        let text = format!("{executions} executions{unread}");
        let window = match self.view.window() {
            Window::Ever => "all that are known".to_owned(),
            window => format!("last {}", window.label()),
        };
        let room = self.width.saturating_sub(window.len() + 1);
        Line::from(vec![
            Span::styled(padded(&text, room), self.theme.title),
            Span::styled(format!(" {window}"), self.theme.key),
        ])
    }

    /// The line of what is chosen, as [`Table::fill`] puts them.
    fn chosen_line(&self) -> usize {
        let (at, states) = (self.view.at(), self.view.states().len());
        match at.checked_sub(states) {
            None => 1 + at,
            // Behind the head of the states, the states, a blank and the head of the groups.
            Some(group) => 3 + states + group * self.lines_of_group(),
        }
    }

    fn lines_of_group(&self) -> usize {
        if self.width >= ONE_LINE { 1 } else { 2 }
    }

    fn fill(&self, page: &mut Page<'_>) {
        page.line(|| self.head());
        let chosen = |row: usize| (row == self.view.at()).then_some(self.theme.chosen);
        for (index, state) in self.view.states().iter().enumerate() {
            page.choosable(chosen(index), || self.state(state));
        }
        if self.fleet.groups.is_empty() {
            return;
        }
        page.line(Line::default);
        page.line(|| Line::styled(padded("failures that are alike", self.width), self.theme.field));
        for (index, group) in self.fleet.groups.iter().enumerate() {
            let chosen = chosen(self.view.states().len() + index);
            if self.width >= ONE_LINE {
                page.choosable(chosen, || self.group(group));
            } else {
                page.choosable(chosen, || self.group_head(group));
                page.choosable(chosen, || self.group_cause(group));
            }
        }
    }

    fn head(&self) -> Line<'static> {
        let Columns { name, has_passed, has_p50, has_p95, .. } = self.columns;
        let mut text = padded("state", name);
        let numbers = [("now", true), ("passed", has_passed), ("failed", true), ("p50", has_p50), ("p95", has_p95)];
        for (number, _) in numbers.into_iter().filter(|(_, is_there)| *is_there) {
            text.push_str(&format!(" {}", aligned_right(number, NUMBER)));
        }
        Line::styled(cut(&text, self.width), self.theme.field)
    }

    fn state(&self, state: &str) -> Line<'static> {
        let Columns { name, has_passed, has_p50, has_p95, bar } = self.columns;
        let mut spans = vec![Span::raw(padded(state, name))];
        // A count that is gone since the view was made is shown as none.
        let none = StateCounts { state: "".into(), now: 0, passed: 0, failures: 0, p50: None, p95: None };
        let counts = self.fleet.state(state).unwrap_or(&none);
        let number = |count: usize, style: Style| {
            let text = if count == 0 { "·".to_owned() } else { short(count) };
            Span::styled(format!(" {}", aligned_right(&text, NUMBER)), if count == 0 { self.theme.dim } else { style })
        };
        let time = |millis: Option<Millis>| {
            let text = millis.map(duration).unwrap_or_default();
            Span::styled(format!(" {}", aligned_right(&text, NUMBER)), Style::new())
        };
        spans.push(number(counts.now, self.theme.visit(Some(VisitStatus::Running)).1));
        if has_passed {
            spans.push(number(counts.passed, Style::new()));
        }
        spans.push(number(counts.failures, self.theme.visit(Some(VisitStatus::Failed)).1));
        if has_p50 {
            spans.push(time(counts.p50));
        }
        if has_p95 {
            spans.push(time(counts.p95));
        }
        if let (Some(columns), Some(p50), Some(p95)) = (bar, counts.p50, counts.p95) {
            let text = self.bar(p50, p95, columns);
            spans.push(Span::styled(format!(" {text}"), self.theme.dim));
        }
        Line::from(spans)
    }

    /// The median in full blocks, what lies between it and the 95th percentile in light ones; the slowest state has all
    /// the room.
    fn bar(&self, p50: Millis, p95: Millis, columns: usize) -> String {
        let slow = share(p95, self.slowest, columns).max(1);
        let fast = share(p50, self.slowest, columns).min(slow);
        let (full, light) = (sign(self.theme, "█", "#"), sign(self.theme, "░", "."));
        format!("{}{}", full.repeat(fast), light.repeat(slow - fast))
    }

    /// A group in one line: how many, where, which error, why, when last.
    fn group(&self, group: &Group) -> Line<'static> {
        let time = self.last(group);
        // The number, the sign, two names, blanks between all of them.
        let room = self.width.saturating_sub(7 + 22 + 26 + time.len() + 1);
        let mut spans = self.number(group);
        spans.extend([
            Span::raw(format!("{} ", padded(place(group), 21))),
            Span::styled(format!("{} ", padded(&group.error, 25)), self.theme.error),
            Span::raw(padded(&group.cause, room)),
            Span::styled(format!(" {time}"), self.theme.dim),
        ]);
        Line::from(spans)
    }

    /// The first of two lines: all but the cause.
    fn group_head(&self, group: &Group) -> Line<'static> {
        let time = self.last(group);
        let room = self.width.saturating_sub(7 + time.len() + 1);
        let place = cut(&clean(place(group)), room / 2);
        let left = room.saturating_sub(place.width() + 1);
        let mut spans = self.number(group);
        spans.extend([
            Span::raw(format!("{place} ")),
            Span::styled(padded(&group.error, left), self.theme.error),
            Span::styled(format!(" {time}"), self.theme.dim),
        ]);
        Line::from(spans)
    }

    fn group_cause(&self, group: &Group) -> Line<'static> {
        let cause = padded(&group.cause, self.width.saturating_sub(7));
        Line::styled(format!("       {cause}"), self.theme.dim)
    }

    fn number(&self, group: &Group) -> Vec<Span<'static>> {
        let (sign, style) = self.theme.execution(ExecutionStatus::Failed);
        vec![Span::raw(aligned_right(&short(group.count), 4)), Span::styled(format!(" {sign} "), style)]
    }

    fn last(&self, group: &Group) -> String {
        aligned_right(&self.times.told(group.last_at), Times::columns(self.times.style))
    }
}

fn place(group: &Group) -> &str {
    group.state.as_deref().unwrap_or("before any state")
}

/// How many of so many columns a part of the whole is.
fn share(part: Millis, whole: Millis, columns: usize) -> usize {
    let columns = i128::try_from(columns).unwrap_or_default();
    let share = i128::from(part.max(0)) * columns / i128::from(whole.max(1));
    usize::try_from(share.min(columns)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::app::settings::TimeStyle;
    use crate::facts::Arn;
    use crate::ui::cells::seen::lines;

    /// 2026-01-01T12:00:00Z.
    const NOW: Millis = 1_767_268_800_000;

    fn counts(state: &str, now: usize, passed: usize, failures: usize, times: Option<(Millis, Millis)>) -> StateCounts {
        let (p50, p95) = times.unzip();
        StateCounts { state: Arc::from(state), now, passed, failures, p50, p95 }
    }

    fn fleet() -> Fleet {
        Fleet {
            states: vec![
                counts("Done", 0, 40, 0, Some((0, 0))),
                counts("Pay", 3, 1_250, 2, Some((1_000, 4_000))),
                counts("Wait", 1, 0, 0, None),
            ],
            groups: vec![Group {
                state: Some("Pay".into()),
                error: "Declined".into(),
                cause: "order <id>: no funds".into(),
                count: 2,
                newest: Arn("x".into()),
                last_at: NOW - 10_000,
            }],
            executions: 44,
            unread: 3,
        }
    }

    fn picture(fleet: &Fleet, view: &FleetView, width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let times = Times { now: NOW, zone: &TimeZone::UTC, style: TimeStyle::Absolute };
        draw(fleet, view, times, &Theme::dark(), area, &mut buffer);
        lines(&buffer)
    }

    fn view() -> FleetView {
        let mut view = FleetView::default();
        view.refresh(&fleet(), &["Pay", "Wait", "Done"].map(ToOwned::to_owned));
        view
    }

    #[test]
    fn a_badge_tells_what_goes_on_and_what_failed() {
        let theme = Theme::dark();
        let style = |status| theme.visit(Some(status)).1;
        let cases = [
            ("Pay", Some(("▶3 ✗2", VisitStatus::Failed))),
            ("Wait", Some(("▶1", VisitStatus::Running))),
            ("Done", Some(("✓40", VisitStatus::Succeeded))),
            ("Nowhere", None),
        ];
        for (state, expected) in cases {
            let expected = expected.map(|(text, status)| (text.to_owned(), style(status)));
            assert_eq!(badge(&theme, &fleet(), state), expected, "{state}");
        }
    }

    #[test]
    fn states_and_failures_stand_in_a_table() {
        let expected = [
            "44 executions, 3 not read                           last 24h",
            "state                 now passed failed    p50    p95",
            "Pay                     3   1.2k      2   1.0s   4.0s █░░░░░",
            "Wait                    1      ·      ·",
            "Done                    ·     40      ·    0ms    0ms ░",
            "",
            "failures that are alike",
            "   2 ✗ Pay Declined                                 11:59:50",
            "       order <id>: no funds",
        ];
        assert_eq!(picture(&fleet(), &view(), 60, 9), expected);
        let wide = picture(&fleet(), &view(), 100, 9);
        let (state, error, cause, at) = ("Pay", "Declined", "order <id>: no funds", "11:59:50");
        let group = format!("   2 ✗ {state:<21} {error:<25} {cause:<33} {at:>11}");
        assert_eq!((wide[7].as_str(), wide[8].as_str()), (group.as_str(), ""));
    }

    #[test]
    fn what_matters_most_stays_where_there_is_no_room() {
        let cases = [
            (26, Columns { name: 12, has_passed: false, has_p50: false, has_p95: false, bar: None }),
            (33, Columns { name: 12, has_passed: false, has_p50: false, has_p95: true, bar: None }),
            (40, Columns { name: 12, has_passed: true, has_p50: false, has_p95: true, bar: None }),
            (50, Columns { name: 15, has_passed: true, has_p50: true, has_p95: true, bar: None }),
            (54, Columns { name: 12, has_passed: true, has_p50: true, has_p95: true, bar: Some(6) }),
            (80, Columns { name: 32, has_passed: true, has_p50: true, has_p95: true, bar: Some(12) }),
            (20, Columns { name: 6, has_passed: false, has_p50: false, has_p95: false, bar: None }),
        ];
        for (width, expected) in cases {
            assert_eq!(Columns::of(width), expected, "{width}");
        }
    }

    #[test]
    fn what_is_chosen_is_in_view_and_no_size_does_harm() {
        let mut view = view();
        view.move_by(isize::MAX);
        let seen = picture(&fleet(), &view, 40, 3);
        assert!(seen.iter().any(|line| line.contains("Declined")), "{seen:?}");
        for (width, height) in [(0, 0), (1, 1), (5, 9), (89, 2), (250, 2)] {
            picture(&fleet(), &view, width, height);
        }
        let empty = Fleet::default();
        let seen = picture(&empty, &FleetView::default(), 50, 2);
        assert_eq!(seen[1], "No execution runs, or has ended in this time.");
    }
}
