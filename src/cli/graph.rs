//! `graph`: draws a state machine on standard output.

use std::io::Read;

use color_eyre::eyre::{WrapErr, eyre};
use diagram::{Charset, Zoom};

use super::args::{Global, Graph};
use super::output::{complain, say};
use super::{Connected, Ended};
use crate::local;
use crate::ui::graph::{Detail, plan};

pub(super) async fn run(global: &Global, args: Graph) -> color_eyre::Result<Ended> {
    let (name, text) = definition(global, args.file.as_deref()).await?;
    let (machine, findings) = asl::read(&text);
    for finding in &findings {
        complain(&crate::ui::text::clean(&format!("{name}: {finding}")));
    }
    let machine = machine.ok_or_else(|| eyre!("{name} is not a definition that can be drawn"))?;
    let charset = if args.ascii { Charset::Ascii } else { Charset::Unicode };
    let scope = machine.graph();
    let zoom = if args.compact { Zoom::Compact } else { Zoom::Full };
    let mut drawing = plan(&scope, Detail { zoom, labels: true, badge: 0 }, charset).drawing;
    if args.width.is_some_and(|width| drawing.width > width) {
        // What the lines say is what there is room for.
        drawing = plan(&scope, Detail { zoom, labels: false, badge: 0 }, charset).drawing;
    }
    say(drawing.to_text().trim_end_matches('\n'))?;
    Ok(Ended::Well)
}

/// The definition of a file, of standard input, of the machine that the command line names, or our own.
async fn definition(global: &Global, file: Option<&str>) -> color_eyre::Result<(String, String)> {
    let elsewhere = global.state_machine.is_some() || global.is_elsewhere();
    match file {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).wrap_err("cannot read standard input")?;
            Ok(("standard input".to_owned(), text))
        }
        Some(path) => {
            let text = std::fs::read_to_string(path).wrap_err_with(|| format!("cannot read {path}"))?;
            Ok((path.to_owned(), text))
        }
        None if elsewhere => {
            let world = Connected::open(global).await?;
            let machine = world.cloud.machine(&world.machine().await?).await?;
            Ok((machine.name, machine.definition))
        }
        None => Ok((local::MACHINE.to_owned(), local::DEFINITION.to_owned())),
    }
}
