//! `completions` and `man`: what the command line's own definition says, for shells and for manual pages.

use std::io;

use clap::CommandFactory;
use color_eyre::eyre::WrapErr;

use super::Ended;
use super::args::{Args, Completions, Man};
use super::output::say;

/// The program's name.
const NAME: &str = "orderflow-tui";

pub(super) fn completions(args: &Completions) -> color_eyre::Result<Ended> {
    say(script(args.shell).trim_end())?;
    Ok(Ended::Well)
}

fn script(shell: clap_complete::Shell) -> String {
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), NAME, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

pub(super) fn man(args: &Man) -> color_eyre::Result<Ended> {
    match &args.dir {
        None => say(page().wrap_err("cannot write the manual page")?.trim_end())?,
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .and_then(|()| clap_mangen::generate_to(Args::command(), directory))
                .wrap_err_with(|| format!("cannot write manual pages to {}", directory.display()))?;
        }
    }
    Ok(Ended::Well)
}

/// The page of the program; those of its commands are pages of their own.
fn page() -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_can_be_completed_and_looked_up() {
        let page = page().unwrap();
        let script = script(clap_complete::Shell::Bash);
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            assert!(script.contains(name), "{name}");
            // A hyphen that is one is written with a backslash in roff.
            assert!(page.replace("\\-", "-").contains(&format!("{NAME}-{name}")), "{name}");
        }
    }
}
