//! `orderflow-tui`: the Step Functions console in a terminal, with an order workflow and a local cloud inside.

use std::process::ExitCode;

fn main() -> ExitCode {
    orderflow_tui::cli::main()
}
