//! The one question before something is done that cannot be undone by a key.

use std::io::{BufRead, IsTerminal};

use crate::cli::Usage;
use crate::cli::output::complain;

/// Refuses when an answer is needed and nobody can give one.
///
/// # Errors
/// [`Usage`], when standard input is no terminal and `--yes` was not given.
pub(crate) fn possible(yes: bool) -> Result<(), Usage> {
    if yes || std::io::stdin().is_terminal() {
        return Ok(());
    }
    let sentence = "standard input is no terminal, so that nobody can be asked: add --yes if it is meant";
    Err(Usage(sentence.to_owned()))
}

/// Asks; `y` and Enter is yes, all else is no. With `--yes` it is not asked.
///
/// # Errors
/// As of [`possible`], and when standard input cannot be read.
pub(crate) fn agreed(question: &str, yes: bool) -> color_eyre::Result<bool> {
    possible(yes)?;
    if yes {
        return Ok(true);
    }
    complain(&format!("{question} [y/N]"));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, expected) in
            [("y\n", true), ("Y\r\n", true), ("yes\n", true), ("\n", false), ("", false), ("n\n", false), ("yy", false)]
        {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
