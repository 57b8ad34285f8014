//! How many lines there are over time, in one row: the higher the more, errors apart.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::Times;
use crate::app::logs::{Bucket, LogBuffer};
use crate::app::run::VisitStatus;
use crate::ui::theme::Theme;

/// From none to the most.
const HEIGHTS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same where every terminal has to have them.
const ASCII_HEIGHTS: [&str; 9] = [" ", ".", ":", "-", "=", "+", "*", "%", "#"];
/// From this width on the times of the first and the last line stand beside the bars.
const WITH_TIMES: u16 = 60;

pub(super) fn draw(logs: &LogBuffer, times: Times<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let ends = logs.time().filter(|_| area.width >= WITH_TIMES);
    let (before, behind) = ends.map_or_else(Default::default, |(first, last)| {
        (format!("{} ", times.brief(first, last)), format!(" {}", times.brief(last, first)))
    });
    let room = usize::from(area.width).saturating_sub(before.width() + behind.width());
    let buckets = logs.histogram(room);
    let most = buckets.iter().map(|bucket| bucket.lines).max().unwrap_or_default();
    let mut spans = vec![Span::styled(before, theme.dim)];
    spans.extend(buckets.iter().map(|bucket| bar(*bucket, most, theme)));
    spans.push(Span::styled(behind, theme.dim));
    Line::from(spans).render(area, buffer);
}

fn bar(bucket: Bucket, most: usize, theme: &Theme) -> Span<'static> {
    let is_ascii = theme.visit(Some(VisitStatus::Succeeded)).0.is_ascii();
    // What has any lines shows.
    let height = if most == 0 { 0 } else { (bucket.lines * 8).div_ceil(most) };
    let heights = if is_ascii { ASCII_HEIGHTS } else { HEIGHTS };
    let sign = heights.get(height).copied().unwrap_or(" ");
    if bucket.errors == 0 {
        Span::styled(sign, theme.dim)
    } else if is_ascii || theme.error.fg.is_none() {
        // Without colours, that there are errors counts more than how many lines there are.
        Span::styled("!", theme.error)
    } else {
        Span::styled(sign, theme.error)
    }
}
