//! What stands around the panes: header, footer, borders.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Widget, Wrap};

use unicode_width::UnicodeWidthStr;

use super::SMALLEST;
use super::text::{clean, cut};
use super::theme::Theme;
use super::window::editor;
use super::{events, logs};
use crate::app::keymap::{BINDINGS, Intent};
use crate::app::model::{MAX_EXECUTIONS, Subject};
use crate::app::off::changes;
use crate::app::prompt::PromptKind;
use crate::app::{Model, Pane};
use crate::facts::ExecutionStatus;

pub(super) fn too_small(area: Rect, buffer: &mut Buffer) {
    let text = format!(
        "The terminal has {} x {} cells; the dashboard needs {} x {}.",
        area.width, area.height, SMALLEST.0, SMALLEST.1
    );
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

pub(super) fn header(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let count =
        |status: ExecutionStatus| model.executions.iter().filter(|execution| execution.status == status).count();
    let mut counts = Vec::new();
    for status in ExecutionStatus::ALL {
        let number = count(status);
        if number > 0 {
            let (sign, style) = theme.execution(status);
            // The list has the newest only; then the numbers are of those.
            let more = if model.executions.len() >= MAX_EXECUTIONS { "+" } else { "" };
            counts.push(Span::styled(format!("{sign} {number}{more}  "), style));
        }
    }
    if let Some(since) = model.troubles.iter().map(|trouble| trouble.since).min() {
        let since = jiff::Timestamp::from_millisecond(since).unwrap_or_default().to_zoned(model.zone.clone());
        let text = format!("✗ calls fail since {}  ", since.strftime("%H:%M:%S"));
        counts.insert(0, Span::styled(text, theme.error));
    }
    if let Some(slowed) = &model.slowed {
        counts.insert(0, Span::styled(format!("{}  ", clean(slowed)), theme.waiting));
    }
    if model.settings.read_only {
        counts.insert(0, Span::styled("read-only  ", theme.waiting));
    }
    let account = model.identity.as_ref().map(|identity| identity.account.as_str());
    if model.settings.is_production(account, model.profile.as_deref()) {
        counts.insert(0, Span::styled(" PRODUCTION ", theme.production));
        counts.insert(1, Span::raw("  "));
    }
    let counts = Line::from(counts).right_aligned();
    let room = usize::from(area.width).saturating_sub(counts.width() + 1);
    let mut spans = vec![Span::raw(" ")];
    for (at, crumb) in crumbs(model, room.saturating_sub(2)).into_iter().enumerate() {
        if at > 0 {
            spans.push(Span::styled(BETWEEN, theme.dim));
        }
        spans.push(Span::styled(crumb, theme.title));
    }
    spans.push(Span::raw("  "));
    let mut place = clean(&model.place);
    if let Some(identity) = &model.identity {
        place.push_str(&format!("  account {}", clean(&identity.account)));
    }
    let taken: usize = spans.iter().map(Span::width).sum();
    spans.push(Span::styled(cut(&place, room.saturating_sub(taken)), theme.dim));
    Line::from(spans).render(area, buffer);
    counts.render(area, buffer);
}

/// What stands between the steps of the way to what is looked at.
const BETWEEN: &str = " › ";
/// How wide each step becomes at most where all have to be short.
const SHORT: [usize; 4] = [40, 24, 16, 10];

/// The way to what is looked at: the state machine, the executions that have started one another, and what of the last
/// one is chosen. Shortened as far as the room asks for; what is farther in stays.
fn crumbs(model: &Model, room: usize) -> Vec<String> {
    let qualifier = model.machine.qualifier().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
    let mut names = vec![format!("{}{qualifier}", model.machine.name())];
    match model.subject {
        Subject::Fleet => names.push("all executions".to_owned()),
        Subject::Compare => names.push("two executions".to_owned()),
        Subject::Order => names.extend(model.order.as_ref().map(ToString::to_string)),
        Subject::State => {
            names.extend(model.ancestors.iter().map(|arn| arn.name().to_owned()));
            if let Some(watch) = &model.watch {
                names.push(watch.arn.name().to_owned());
                let iteration = model.iteration.map(|iteration| format!(" [{iteration}]")).unwrap_or_default();
                names.extend(model.state.as_ref().map(|state| format!("{state}{iteration}")));
            }
        }
    }
    let names: Vec<String> = names.iter().map(|name| clean(name)).collect();
    let width = |names: &[String]| {
        let own: usize = names.iter().map(|name| name.width()).sum();
        own + names.len().saturating_sub(1) * BETWEEN.chars().count()
    };
    let mut shown: Vec<String> = Vec::new();
    for most in SHORT {
        shown = names.iter().map(|name| cut(name, most)).collect();
        if width(&shown) <= room {
            return shown;
        }
    }
    while shown.len() > 1 && width(&shown) > room {
        shown.remove(0);
    }
    shown.iter().map(|name| cut(name, room)).collect()
}

/// Draws the footer, and answers which of its columns mean what.
pub(super) fn footer(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Vec<(Range<u16>, Intent)> {
    if let Some(notice) = &model.notice {
        let style = if notice.is_error { theme.error } else { theme.waiting };
        let text = cut(&clean(&notice.text), usize::from(area.width).saturating_sub(2));
        Span::styled(format!(" {text}"), style).render(area, buffer);
        return Vec::new();
    }
    if let Some(trouble) = model.troubles.first().filter(|_| model.dialog.is_none()) {
        let keys = Line::from(vec![
            Span::styled(" ? ", theme.key),
            Span::raw("help "),
            Span::styled(" q ", theme.key),
            Span::raw("quit "),
        ])
        .right_aligned();
        let text = cut(&clean(&trouble.text), usize::from(area.width).saturating_sub(keys.width() + 2));
        Span::styled(format!(" {text}"), theme.error).render(area, buffer);
        keys.render(area, buffer);
        return Vec::new();
    }
    let shown: Vec<(String, &str, Intent)> = model
        .modes()
        .into_iter()
        .flat_map(|mode| BINDINGS.iter().filter(move |binding| binding.mode == mode && binding.in_footer))
        .map(|binding| (model.keymap.shown(binding), binding.help, binding.intent))
        .filter(|(key, ..)| !key.is_empty())
        // What is never possible here is not offered; why, the help says.
        .filter(|(.., intent)| !(model.settings.read_only && changes(*intent)))
        .collect();
    // What does not fit is in the help, so its key and the way out are kept to the last.
    let (first, last) = shown.split_at(shown.len().saturating_sub(2));
    let width = |(key, help, _): &(String, &str, Intent)| key.chars().count() + help.chars().count() + 3;
    let mut room = usize::from(area.width).saturating_sub(last.iter().map(width).sum());
    let fitting = first.iter().take_while(|item| {
        let fits = width(item) <= room;
        room = room.saturating_sub(width(item));
        fits
    });
    let (mut spans, mut places, mut x) = (Vec::new(), Vec::new(), area.x);
    for item in fitting.chain(last) {
        let (key, help, intent) = item;
        let end = x.saturating_add(u16::try_from(width(item)).unwrap_or(u16::MAX));
        places.push((x..end, *intent));
        x = end;
        spans.push(Span::styled(format!(" {key} "), theme.key));
        spans.push(Span::raw(format!("{help} ")));
    }
    Line::from(spans).render(area, buffer);
    places
}

/// Draws a pane's border with its title, and answers what is inside.
pub(super) fn border(model: &Model, theme: &Theme, pane: Pane, area: Rect, buffer: &mut Buffer) -> Rect {
    let focused = model.focus == pane && model.dialog.is_none();
    let style = if focused { theme.focused } else { theme.dim };
    let mut title = vec![
        Span::styled(format!(" {} ", pane.number()), if focused { theme.key } else { theme.dim }),
        Span::styled(format!("{} ", pane.title()), if focused { theme.title } else { Style::new() }),
    ];
    if let Some(more) = subtitle(model, pane) {
        title.push(Span::styled(
            format!("{} ", cut(&clean(&more), usize::from(area.width).saturating_sub(20))),
            theme.dim,
        ));
    }
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(style).title(Line::from(title));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// A sentence where there is nothing else.
pub(super) fn note(text: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let first = Rect { height: area.height.min(1), ..area };
    Span::styled(cut(text, usize::from(area.width)), theme.dim).render(first, buffer);
}

/// Draws the line that something is typed in, over the whole width: what it completes to, what it means, and what in it
/// does not read. Answers where the cursor is; `None` if nothing is typed.
pub(super) fn prompt(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let prompt = model.prompt.as_ref()?;
    let found = match prompt.pane {
        Pane::Executions => Some(format!("{} found", model.list.rows().len())),
        Pane::Orders => Some(format!("{} found", model.orders.rows().len())),
        Pane::Logs if prompt.kind != PromptKind::Search => Some(format!("{} shown", model.logs.shown_len())),
        Pane::Inspector | Pane::Logs | Pane::Graph => model.matches().map(|found| format!("{found} found")),
        Pane::Events => Some(format!("{} shown", model.events.shown_len())),
        _ => None,
    };
    let note = match (model.prompt_problem(), found) {
        _ if model.notice.is_some() => {
            let notice = model.notice.as_ref();
            let style = if notice.is_some_and(|notice| notice.is_error) { theme.error } else { theme.waiting };
            Line::styled(format!("{} ", clean(notice.map(|notice| notice.text.as_str()).unwrap_or_default())), style)
        }
        (Some(problem), _) => Line::styled(format!("! {} ", clean(problem)), theme.error),
        (None, found) => Line::styled(format!("{} ", found.unwrap_or_default()), theme.dim),
    };
    let sign = format!(" {} ", prompt.kind.word(prompt.pane));
    let start = u16::try_from(sign.width()).unwrap_or(0).min(area.width);
    Span::styled(sign, theme.key).render(area, buffer);
    let line = Rect { x: area.x + start, width: area.width - start, ..area };
    // What is typed has the room that it needs; the notes have what is left.
    let typed = prompt.text.text().width() + 2;
    let taken = note.width().min(usize::from(line.width).saturating_sub(typed));
    let note_area =
        Rect { x: line.right() - u16::try_from(taken).unwrap_or(0), width: u16::try_from(taken).unwrap_or(0), ..line };
    note.render(note_area, buffer);
    let between = usize::from(line.width).saturating_sub(typed + taken);
    // What is the same as what is typed, up to the last word, is not said again.
    let text = prompt.text.text();
    let said = text.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
    let rest = |offer: &String| match offer.get(..said) == text.get(..said) {
        true => offer.get(said..).unwrap_or_default().to_owned(),
        false => offer.clone(),
    };
    let words: Vec<String> = prompt.offers.iter().take(MOST_OFFERED).map(|offer| clean(&rest(offer))).collect();
    let offered = if words.is_empty() { String::new() } else { format!("Tab {}", words.join("  ")) };
    let offered_area = Rect { x: line.x + u16::try_from(typed).unwrap_or(line.width).min(line.width), ..line };
    let offered_area = Rect { width: u16::try_from(between.saturating_sub(1)).unwrap_or(0), ..offered_area };
    Span::styled(cut(&offered, usize::from(offered_area.width)), theme.dim).render(offered_area, buffer);
    let field = Rect {
        width: u16::try_from(usize::from(line.width) - taken.min(usize::from(line.width)))
            .unwrap_or(0)
            .min(u16::try_from(typed).unwrap_or(u16::MAX)),
        ..line
    };
    editor(&prompt.text, field, buffer)
}

/// The most completions that are named while one types.
const MOST_OFFERED: usize = 8;

fn subtitle(model: &Model, pane: Pane) -> Option<String> {
    match pane {
        Pane::Executions => {
            let marked = model.list.marked().len();
            match (marked, model.follow_newest && model.query.is_empty()) {
                (0, true) => Some("newest".to_owned()),
                (0, false) => None,
                (marked, _) => Some(format!("{marked} marked")),
            }
        }
        Pane::Graph if model.fleet.is_some() => Some(format!("all executions, {}", model.fleet_view.window().label())),
        Pane::Graph => {
            let watch = model.watch.as_ref()?;
            let name = watch.arn.name();
            // Whence one came, and through which version or alias it was started.
            let from: String = model.ancestors.iter().map(|arn| format!("{} › ", arn.name())).collect();
            let through = model.watched().and_then(|execution| execution.through.as_ref()?.qualifier());
            let through = through.map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
            let name = format!("{from}{name}{through}");
            Some(match (watch.live, model.iteration) {
                (true, None) => name,
                (true, Some(iteration)) => format!("{name} [{iteration}]"),
                (false, _) => format!("{name} at event {} of {}", watch.scrub().position(), watch.scrub().len()),
            })
        }
        Pane::Inspector => match model.subject {
            Subject::Order => model.order.as_ref().map(ToString::to_string),
            Subject::State => model.inspector.path().or_else(|| model.state.clone()),
            Subject::Compare => Some("two executions".to_owned()),
            Subject::Fleet => Some("all executions".to_owned()),
        },
        Pane::Orders => model.past().map(|_| "then".to_owned()),
        Pane::Logs => {
            let tail = model.tail.map(|tail| format!("{}  ", tail.told(model.now, model.is_aws))).unwrap_or_default();
            let past = model.past().map(|at| format!("as of {}  ", super::time_of_day(model, at))).unwrap_or_default();
            Some(format!("{tail}{past}{}", logs::note(&model.logs)))
        }
        Pane::Timeline => model.watch.as_ref().map(|watch| watch.arn.name().to_owned()),
        Pane::Events => {
            let watch = model.watch.as_ref()?;
            Some(events::note(&model.events, watch.events(), watch.scrub().position()))
        }
        Pane::Metrics => None,
    }
}
