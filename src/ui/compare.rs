//! Two executions side by side: where they part, how each state went in both, what is different in their data.
//!
//! It words what `app::compare` has found, and compares nothing itself. Only the lines that are seen are made. From 80
//! columns on the two stand beside each other, below that one under the other. Values that do not fit are cut at their
//! ends; two that begin alike, at their beginnings. Paths lose their beginnings, too.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cells::{Page, aligned_right, below, padded, row, sign};
use super::text::{clean, cut, duration};
use super::theme::Theme;
use crate::app::compare::{Comparison, Difference, Differences, Divergence, Row, Side, Step};
use crate::facts::{ExecutionSummary, Millis};

/// From so many columns on they stand beside each other.
const BESIDE: usize = 80;
/// The columns of a side before its notes: sign, duration, by how much it is longer.
const MEASURES: usize = 17;
/// What the two are called, in as many columns.
const NAMES: [&str; 2] = ["left  ", "right "];
/// The columns before what the two are called, where they stand under each other.
const INDENT: usize = 2;

/// Draws from the line `first` on, and answers how far it could be scrolled. The executions are the left and the right
/// one; the lines that name them stay where they are.
pub(super) fn draw(
    comparison: &Comparison,
    sides: [&ExecutionSummary; 2],
    now: Millis,
    first: usize,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> usize {
    let sheet = Sheet::new(comparison, theme, usize::from(area.width));
    let heads = sheet.heads(sides, now);
    for (index, head) in heads.iter().enumerate() {
        if let Some(area) = row(area, index) {
            head.render(area, buffer);
        }
    }
    let area = below(area, heads.len());
    // What there is may have become less since it was scrolled: it is counted first.
    let mut page = Page::new(Rect { height: 0, ..area }, 0, buffer);
    sheet.fill(&mut page);
    let most = page.lines().saturating_sub(usize::from(area.height));
    let mut page = Page::new(area, first.min(most), buffer);
    sheet.fill(&mut page);
    most
}

struct Sheet<'a> {
    comparison: &'a Comparison,
    theme: &'a Theme,
    /// Where they part, in lines.
    sentence: Vec<String>,
    width: usize,
    is_beside: bool,
    /// Columns of names and paths, where they stand beside each other.
    name: usize,
    /// Columns of each of the two.
    half: usize,
    /// What stands between columns.
    bar: &'static str,
}

impl<'a> Sheet<'a> {
    fn new(comparison: &'a Comparison, theme: &'a Theme, width: usize) -> Self {
        let is_beside = width >= BESIDE;
        let name = (width * 28 / 100).clamp(14, 40);
        let half = if is_beside { width.saturating_sub(name + 6) / 2 } else { width.saturating_sub(INDENT + 6) };
        let sentence = wrapped(&clean(&sentence(comparison.divergence.as_ref())), width);
        let bar = sign(theme, " │ ", " | ");
        Self { comparison, theme, sentence, width, is_beside, name, half, bar }
    }

    /// Name, status and duration of both.
    fn heads(&self, [left, right]: [&ExecutionSummary; 2], now: Millis) -> Vec<Line<'static>> {
        let took = |side: &ExecutionSummary| side.stopped_at.unwrap_or(now).saturating_sub(side.started_at).max(0);
        let (left_took, right_took) = (took(left), took(right));
        let ends = [(left, left_took, right_took), (right, right_took, left_took)].map(|(side, took, other)| {
            let (sign, style) = self.theme.execution(side.status);
            let longer = longer(took, other).map(|longer| format!(" {longer}")).unwrap_or_default();
            let measures = format!("{}{longer}", duration(took));
            (side, sign, style, measures)
        });
        if self.is_beside {
            let names = ends.each_ref().map(|(side, sign, style, _)| {
                let name = padded(&side.name, self.half.saturating_sub(2));
                vec![Span::styled(format!("{sign} "), *style), Span::styled(name, self.theme.title)]
            });
            let statuses = ends.each_ref().map(|(side, _, style, measures)| {
                vec![Span::styled(padded(&format!("{} {measures}", side.status.as_str()), self.half), *style)]
            });
            let blank = || Span::raw(padded("", self.name));
            return vec![self.beside(blank(), names), self.beside(blank(), statuses)];
        }
        let lines = NAMES.into_iter().zip(ends).map(|(whose, (side, sign, style, measures))| {
            // The sign tells the status too, so that the name comes before its word.
            let room = self.width.saturating_sub(NAMES[0].len() + 2);
            let worded = format!(" {} {measures}", side.status.as_str());
            let end = if room >= worded.width() + 16 { worded } else { format!(" {measures}") };
            let name = padded(&side.name, room.saturating_sub(end.width()));
            Line::from(vec![
                Span::styled(whose, self.theme.field),
                Span::styled(format!("{sign} "), style),
                Span::styled(name, self.theme.title),
                Span::styled(end, style),
            ])
        });
        lines.collect()
    }

    fn fill(&self, page: &mut Page<'_>) {
        let parts = self.comparison.divergence.is_some();
        let style = if parts { self.theme.waiting } else { Style::new() };
        for line in &self.sentence {
            page.line(|| Line::styled(cut(line, self.width), style));
        }
        page.line(Line::default);
        if self.is_beside {
            page.line(|| self.titles());
        } else {
            page.line(|| Line::styled(padded("states", self.width), self.theme.field));
        }
        for row in &self.comparison.states {
            self.state(row, page);
        }
        let mut is_same = true;
        for (what, state, differences) in self.documents() {
            if !differences.found.is_empty() || differences.is_cut {
                is_same = false;
                self.differences(what, state, differences, page);
            }
        }
        if is_same {
            page.line(Line::default);
            let text = "Nothing is different in what went in and what came out.";
            page.line(|| Line::styled(cut(text, self.width), self.theme.dim));
        }
    }

    fn titles(&self) -> Line<'static> {
        let style = self.theme.field;
        let sides = NAMES.map(|name| vec![Span::styled(padded(name, self.half), style)]);
        self.beside(Span::styled(padded("state", self.name), style), sides)
    }

    fn state(&self, row: &Row, page: &mut Page<'_>) {
        let sides = [(row.left.as_ref(), row.right.as_ref()), (row.right.as_ref(), row.left.as_ref())];
        if self.is_beside {
            page.line(|| {
                let name = Span::raw(padded(&row.state, self.name));
                self.beside(name, sides.map(|(side, other)| self.side(side, other)))
            });
            return;
        }
        page.line(|| Line::raw(padded(&row.state, self.width)));
        for (whose, (side, other)) in NAMES.into_iter().zip(sides) {
            page.line(|| self.below(whose, self.side(side, other)));
        }
    }

    /// How a state went in one run: `✓   1.2s +800ms  2 tries`.
    fn side(&self, side: Option<&Side>, other: Option<&Side>) -> Vec<Span<'static>> {
        let Some(side) = side else {
            return vec![Span::styled(padded("not entered", self.half), self.theme.dim)];
        };
        let (sign, style) = self.theme.visit(Some(side.status));
        let longer = other.and_then(|other| longer(side.duration, other.duration)).unwrap_or_default();
        // What took twice as long is worth a look; a little more or less is usual.
        let is_much = other.is_some_and(|other| side.duration >= other.duration.saturating_mul(2));
        let notes = padded(&notes(side), self.half.saturating_sub(MEASURES));
        vec![
            Span::styled(format!("{sign} "), style),
            Span::raw(aligned_right(&duration(side.duration), 6)),
            Span::styled(format!(" {}", padded(&longer, 8)), if is_much { self.theme.waiting } else { self.theme.dim }),
            Span::styled(notes, if side.error.is_some() { style } else { self.theme.dim }),
        ]
    }

    /// All data that was compared, with the state that it is of.
    fn documents(&self) -> impl Iterator<Item = (&'static str, Option<&'a str>, &'a Differences)> {
        let whole = [("input", None, &self.comparison.input), ("output", None, &self.comparison.output)];
        let of_states = self.comparison.states.iter().flat_map(|row| {
            let state = Some(row.state.as_str());
            [("input", state, &row.input), ("output", state, &row.output)]
        });
        whole.into_iter().chain(of_states)
    }

    fn differences(&self, what: &str, state: Option<&str>, differences: &Differences, page: &mut Page<'_>) {
        let each = if self.is_beside { 1 } else { 3 };
        if page.passes(2 + each * differences.found.len()) {
            return;
        }
        page.line(Line::default);
        page.line(|| {
            let whose = state.unwrap_or("the execution");
            let (count, more) = (differences.found.len(), if differences.is_cut { " and more" } else { "" });
            let differences = if count == 1 { "difference" } else { "differences" };
            let text = format!("{what} of {}: {count} {differences}{more}", clean(whose));
            Line::styled(cut(&text, self.width), self.theme.field)
        });
        for difference in &differences.found {
            self.difference(difference, page);
        }
    }

    fn difference(&self, difference: &Difference, page: &mut Page<'_>) {
        if self.is_beside {
            page.line(|| {
                let path = Span::raw(padded(&ending(&clean(&difference.path), self.name), self.name));
                self.beside(path, self.values(difference).map(|value| vec![value]))
            });
            return;
        }
        page.line(|| Line::raw(ending(&clean(&difference.path), self.width)));
        for (index, whose) in NAMES.into_iter().enumerate() {
            page.line(|| {
                let value = self.values(difference).into_iter().nth(index);
                self.below(whose, value.into_iter().collect())
            });
        }
    }

    fn values(&self, difference: &Difference) -> [Span<'static>; 2] {
        let [left, right] = [&difference.left, &difference.right].map(|value| value.as_deref().map(clean));
        let same = match (&left, &right) {
            (Some(left), Some(right)) => {
                left.chars().zip(right.chars()).take_while(|(one, other)| one == other).count()
            }
            _ => 0,
        };
        [left, right].map(|value| match value {
            Some(value) => Span::raw(padded(&different(&value, same, self.half), self.half)),
            None => Span::styled(padded("nothing", self.half), self.theme.dim),
        })
    }

    fn beside(&self, name: Span<'static>, [left, right]: [Vec<Span<'static>>; 2]) -> Line<'static> {
        let bar = || Span::styled(self.bar, self.theme.dim);
        let mut spans = vec![name, bar()];
        spans.extend(left);
        spans.push(bar());
        spans.extend(right);
        Line::from(spans)
    }

    fn below(&self, whose: &'static str, spans: Vec<Span<'static>>) -> Line<'static> {
        let mut all = vec![Span::raw(" ".repeat(INDENT)), Span::styled(whose, self.theme.field)];
        all.extend(spans);
        Line::from(all)
    }
}

/// Where they part, in one sentence.
fn sentence(divergence: Option<&Divergence>) -> String {
    let Some(Divergence { step, left, right }) = divergence else {
        return "Both went the same way, with the same outcome in each state.".to_owned();
    };
    format!("They part at step {}: left, {}; right, {}.", step + 1, did(left.as_ref()), did(right.as_ref()))
}

fn did(step: Option<&Step>) -> String {
    let Some(step) = step else { return "nothing more".to_owned() };
    let iteration = step.iteration.map(|iteration| format!("[{iteration}]")).unwrap_or_default();
    let error = step.error.as_deref().map(|error| format!(" with {error}")).unwrap_or_default();
    format!("{}{iteration} {}{error}", step.state, step.status.word())
}

/// By how much it took longer than the other, if it did.
fn longer(took: Millis, other: Millis) -> Option<String> {
    (took > other).then(|| format!("+{}", duration(took.saturating_sub(other))))
}

/// What is unusual: visits and tries that are more than one, the error.
fn notes(side: &Side) -> String {
    let visits = (side.visits > 1).then(|| format!("×{}", side.visits));
    let tries = (side.attempts > side.visits).then(|| format!("{} tries", side.attempts));
    [visits, tries, side.error.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A text in lines of such a width, broken at blanks. A word that is longer has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text in so many columns; of a longer one its end, which tells more of a path than its beginning.
fn ending(text: &str, columns: usize) -> String {
    let Some(mut room) = columns.checked_sub(1).filter(|_| text.width() > columns) else {
        return cut(text, columns);
    };
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        let width = c.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        start = at;
    }
    format!("…{}", text.get(start..).unwrap_or_default())
}

/// A text in so many columns; of a longer one the part around its first different character.
fn different(text: &str, same: usize, columns: usize) -> String {
    if text.width() <= columns || same <= columns / 2 {
        return cut(text, columns);
    }
    let rest: String = text.chars().skip(same - columns / 4).collect();
    cut(&format!("…{rest}"), columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::run::VisitStatus;
    use crate::facts::{Arn, ExecutionStatus};
    use crate::ui::cells::seen::lines;

    fn summary(name: &str, status: ExecutionStatus, took: Millis) -> ExecutionSummary {
        ExecutionSummary {
            arn: Arn(name.to_owned()),
            name: name.to_owned(),
            status,
            started_at: 0,
            stopped_at: Some(took),
            through: None,
        }
    }

    fn side(status: VisitStatus, duration: Millis, attempts: usize, error: Option<&str>) -> Option<Side> {
        Some(Side { visits: 1, status, duration, attempts, error: error.map(ToOwned::to_owned) })
    }

    fn differences(found: &[(&str, Option<&str>, Option<&str>)]) -> Differences {
        let text = |text: &Option<&str>| text.map(ToOwned::to_owned);
        let found = found.iter().map(|(path, left, right)| Difference {
            path: (*path).to_owned(),
            left: text(left),
            right: text(right),
        });
        Differences { found: found.collect(), is_cut: false }
    }

    fn row_of(state: &str, left: Option<Side>, right: Option<Side>) -> Row {
        let none = Differences::default;
        Row { state: state.to_owned(), left, right, input: none(), output: none() }
    }

    /// One that paid, and one that was declined at the third try.
    fn comparison() -> Comparison {
        let step = |status, error: Option<&str>| {
            Some(Step { state: "Pay".into(), iteration: None, status, error: error.map(ToOwned::to_owned) })
        };
        let mut pay = row_of(
            "Pay",
            side(VisitStatus::Succeeded, 200, 1, None),
            side(VisitStatus::Caught, 3_400, 3, Some("Declined")),
        );
        pay.output = differences(&[("$.paid", Some("true"), None)]);
        Comparison {
            divergence: Some(Divergence {
                step: 1,
                left: step(VisitStatus::Succeeded, None),
                right: step(VisitStatus::Caught, Some("Declined")),
            }),
            states: vec![
                row_of("Take", side(VisitStatus::Succeeded, 50, 1, None), side(VisitStatus::Succeeded, 50, 1, None)),
                pay,
                row_of("Done", side(VisitStatus::Succeeded, 0, 0, None), None),
            ],
            input: differences(&[("$.orderId", Some("\"ord-1\""), Some("\"ord-2\""))]),
            output: Differences::default(),
        }
    }

    fn picture(comparison: &Comparison, width: u16, height: u16, first: usize) -> (usize, Vec<String>) {
        let (left, right) =
            (summary("ord-1", ExecutionStatus::Succeeded, 250), summary("ord-2", ExecutionStatus::Failed, 3_450));
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let most = draw(comparison, [&left, &right], 9_000, first, &Theme::dark(), area, &mut buffer);
        (most, lines(&buffer))
    }

    #[test]
    fn with_room_they_stand_beside_each_other() {
        let (most, seen) = picture(&comparison(), 100, 14, 0);
        assert_eq!(most, 0);
        let line =
            |name: &str, left: &str, right: &str| format!("{name:<28} │ {left:<33} │ {right}").trim_end().to_owned();
        let expected = [
            line("", "✓ ord-1", "✗ ord-2"),
            line("", "SUCCEEDED 250ms", "FAILED 3.4s +3.2s"),
            "They part at step 2: left, Pay succeeded; right, Pay caught with Declined.".to_owned(),
            String::new(),
            line("state", "left", "right"),
            line("Take", "✓   50ms", "✓   50ms"),
            line("Pay", "✓  200ms", "!   3.4s +3.2s   3 tries Declined"),
            line("Done", "✓    0ms", "not entered"),
            String::new(),
            "input of the execution: 1 difference".to_owned(),
            line("$.orderId", "\"ord-1\"", "\"ord-2\""),
            String::new(),
            "output of Pay: 1 difference".to_owned(),
            line("$.paid", "true", "nothing"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn without_it_one_stands_under_the_other() {
        let (most, seen) = picture(&comparison(), 40, 30, 0);
        assert_eq!(most, 0);
        let expected = [
            "left  ✓ ord-1            SUCCEEDED 250ms",
            "right ✗ ord-2                 3.4s +3.2s",
            "They part at step 2: left, Pay",
            "succeeded; right, Pay caught with",
            "Declined.",
            "",
            "states",
            "Take",
            "  left  ✓   50ms",
            "  right ✓   50ms",
            "Pay",
            "  left  ✓  200ms",
            "  right !   3.4s +3.2s   3 tries Declin…",
            "Done",
            "  left  ✓    0ms",
            "  right not entered",
            "",
            "input of the execution: 1 difference",
            "$.orderId",
            "  left  \"ord-1\"",
            "  right \"ord-2\"",
            "",
            "output of Pay: 1 difference",
            "$.paid",
            "  left  true",
            "  right nothing",
        ];
        assert_eq!(seen[..expected.len()], expected);
    }

    #[test]
    fn it_is_scrolled_below_its_heads_and_no_further_than_it_goes() {
        let (most, seen) = picture(&comparison(), 100, 8, 3);
        // Twelve lines below two heads, six of them seen.
        assert_eq!(most, 6);
        assert!(seen[0].contains("ord-1") && seen[2].starts_with("Take"), "{seen:?}");
        let (most, seen) = picture(&comparison(), 100, 8, usize::MAX);
        assert_eq!((most, seen[7].starts_with("$.paid")), (6, true));
        for (width, height) in [(0, 0), (1, 1), (7, 3), (79, 1), (250, 3)] {
            picture(&comparison(), width, height, 2);
        }
    }

    #[test]
    fn what_is_the_same_is_said_to_be() {
        let same = Comparison { divergence: None, states: Vec::new(), ..comparison() };
        let same = Comparison { input: Differences::default(), ..same };
        let (_, seen) = picture(&same, 100, 8, 0);
        assert_eq!(seen[2], "Both went the same way, with the same outcome in each state.");
        assert_eq!(seen[6], "Nothing is different in what went in and what came out.");
    }

    #[test]
    fn a_sentence_tells_where_they_part() {
        let step =
            |state: &str, iteration, status| Some(Step { state: state.to_owned(), iteration, status, error: None });
        let cases = [
            (
                Divergence { step: 0, left: None, right: step("Wait", None, VisitStatus::Running) },
                "They part at step 1: left, nothing more; right, Wait running.",
            ),
            (
                Divergence {
                    step: 6,
                    left: step("A", Some(2), VisitStatus::Succeeded),
                    right: step("B", None, VisitStatus::Aborted),
                },
                "They part at step 7: left, A[2] succeeded; right, B aborted.",
            ),
        ];
        for (divergence, expected) in cases {
            assert_eq!(sentence(Some(&divergence)), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_where_they_tell_least() {
        assert_eq!(ending("$.lines[0].sku", 14), "$.lines[0].sku");
        assert_eq!(ending("$.lines[0].sku", 8), "…[0].sku");
        assert_eq!(ending("$.日本", 4), "…本");
        assert_eq!(ending("abc", 0), "");
        let long = format!("{}b", "a".repeat(40));
        assert_eq!(different(&long, 40, 12), "…aaab");
        assert_eq!(different(&long, 3, 12), "aaaaaaaaaaa…");
        assert_eq!(different("short", 4, 12), "short");
    }
}
