//! `graph`: draws a state machine on standard output, or writes it as a document of another kind.

mod export;

use std::collections::BTreeSet;
use std::io::{IsTerminal, Read};

use color_eyre::eyre::{WrapErr, eyre};
use diagram::{Charset, Zoom};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::args::{Colour, Global, Graph, GraphFormat, ZoomLevel};
use super::output::{complain, say};
use super::{Connected, Ended};
use crate::app::run::Run;
use crate::local;
use crate::ui::graph::{Detail, Plan, plan};
use crate::ui::theme::{Theme, Variables};

pub(super) async fn run(global: &Global, args: Graph) -> color_eyre::Result<Ended> {
    let source = source(global, &args).await?;
    let (machine, findings) = asl::read(&source.definition);
    for finding in &findings {
        complain(&crate::ui::text::clean(&format!("{}: {finding}", source.name)));
    }
    let machine = machine.ok_or_else(|| eyre!("{} is not a definition that can be drawn", source.name))?;
    let scope = machine.graph();
    let document = match args.format {
        GraphFormat::Text => None,
        GraphFormat::Mermaid => Some(export::mermaid(&scope)),
        GraphFormat::Dot => Some(export::dot(&scope)),
        GraphFormat::Json => Some(export::json(&scope).to_string()),
    };
    if let Some(document) = document {
        say(document.trim_end())?;
        return Ok(Ended::Well);
    }
    let charset = if args.ascii { Charset::Ascii } else { Charset::Unicode };
    let zoom = match args.zoom {
        _ if args.compact => Zoom::Compact,
        ZoomLevel::Full => Zoom::Full,
        ZoomLevel::Compact => Zoom::Compact,
        ZoomLevel::Dots => Zoom::Dots,
    };
    let badge = if source.run.is_some() && zoom != Zoom::Dots { 2 } else { 0 };
    let labels = zoom != Zoom::Dots;
    let mut drawn = plan(&scope, Detail { zoom, labels, badge }, charset, &BTreeSet::new());
    if args.width.is_some_and(|width| drawn.drawing.width > width) {
        // What the lines say is what there is room for.
        drawn = plan(&scope, Detail { zoom, labels: false, badge }, charset, &BTreeSet::new());
    }
    let coloured = match args.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
        }
    };
    say(text_of(&drawn, source.run.as_ref(), coloured).trim_end_matches('\n'))?;
    Ok(Ended::Well)
}

fn text_of(plan: &Plan, run: Option<&Run>, coloured: bool) -> String {
    match run {
        None => plan.drawing.to_text(),
        Some(run) => lines(&crate::ui::graph_pane::picture(&theme(), plan, run), coloured),
    }
}

/// The cells as lines, with the colours as SGR sequences (ECMA-48) if wanted.
fn lines(buffer: &Buffer, coloured: bool) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
        let blank = |cell: &&ratatui::buffer::Cell| cell.symbol() == " ";
        let length = row.len() - row.iter().rev().take_while(blank).count();
        let mut active = String::new();
        let mut skip = 0;
        for cell in &row[..length] {
            // Behind a wide character stands a cell that is covered by it.
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            let style = if coloured { sgr(cell.fg, cell.modifier) } else { String::new() };
            if style != active {
                text.push_str("\x1b[0m");
                text.push_str(&style);
                active = style;
            }
            text.push_str(cell.symbol());
        }
        if !active.is_empty() {
            text.push_str("\x1b[0m");
        }
        text.push('\n');
    }
    text
}

/// The user's colours. That output is to have none at all is `--color`'s to say.
fn theme() -> Theme {
    Theme::of(&crate::config::load().config.colours, &Variables::of(|name| std::env::var(name).ok()))
}

fn sgr(colour: Color, modifier: Modifier) -> String {
    let mut codes: Vec<String> = Vec::new();
    let basic = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match (basic.iter().position(|known| *known == colour), colour) {
        (Some(index @ 0..8), _) => codes.push(format!("{}", 30 + index)),
        (Some(index), _) => codes.push(format!("{}", 82 + index)),
        (None, Color::Indexed(index)) => codes.push(format!("38;5;{index}")),
        (None, Color::Rgb(red, green, blue)) => codes.push(format!("38;2;{red};{green};{blue}")),
        _ => {}
    }
    for (of, code) in [(Modifier::BOLD, "1"), (Modifier::DIM, "2"), (Modifier::ITALIC, "3"), (Modifier::REVERSED, "7")]
    {
        if modifier.contains(of) {
            codes.push(code.to_owned());
        }
    }
    if codes.is_empty() { String::new() } else { format!("\x1b[{}m", codes.join(";")) }
}

/// What is drawn.
struct Source {
    name: String,
    definition: String,
    run: Option<Run>,
}

/// The definition of an execution, a file, standard input, the machine that the command line names, or our own.
async fn source(global: &Global, args: &Graph) -> color_eyre::Result<Source> {
    if let Some(execution) = &args.execution {
        let world = Connected::open(global).await?;
        let arn = world.execution(execution).await?;
        let machine = world.cloud.machine_of(&arn).await?;
        let mut run = Run::default();
        run.absorb(world.cloud.history_after(&arn, 0).await?);
        return Ok(Source { name: machine.name, definition: machine.definition, run: Some(run) });
    }
    let of_text = |name: &str, definition: String| Source { name: name.to_owned(), definition, run: None };
    let elsewhere = global.state_machine.is_some() || global.is_elsewhere();
    match args.file.as_deref() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).wrap_err("cannot read standard input")?;
            Ok(of_text("standard input", text))
        }
        Some(path) => {
            let text = std::fs::read_to_string(path).wrap_err_with(|| format!("cannot read {path}"))?;
            Ok(of_text(path, text))
        }
        None if elsewhere => {
            let world = Connected::open(global).await?;
            let machine = world.cloud.machine(&world.machine().await?).await?;
            Ok(of_text(&machine.name, machine.definition))
        }
        None => Ok(of_text(local::MACHINE, local::DEFINITION.to_owned())),
    }
}
