//! What can stand on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// The Step Functions console in a terminal, with an order workflow and a local cloud inside.
///
/// Without a command it opens the dashboard, by default on the embedded cloud: no account, no network.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Args {
    /// What holds for all commands.
    #[command(flatten)]
    pub global: Global,
    /// Open an exported execution, without any cloud
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "region", "endpoint_url", "data_dir", "in_memory"])]
    pub replay: Option<PathBuf>,
    /// Look only: whatever would change something is off in the dashboard
    #[arg(long)]
    pub read_only: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  orderflow-tui                                     the dashboard, on the embedded cloud
  orderflow-tui submit declined --wait              submit a sample order, see how it ends
  orderflow-tui show ord-1f2e3d4c5b6a               an execution, state by state
  orderflow-tui serve                               the embedded cloud for the AWS CLI and boto3
  orderflow-tui --profile dev --state-machine pay   the dashboard on AWS
  orderflow-tui deploy --profile dev                the order workflow as a stack on AWS

Exit codes:
  0  ended well
  1  an error; the sentence says which
  2  bad usage
  3  an execution that was waited for, or shown, did not succeed
  4  the cloud cannot be reached, or the credentials are not good";

/// What holds for all commands.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Where")]
pub struct Global {
    /// Use AWS with this profile
    #[arg(long, global = true)]
    pub profile: Option<String>,
    /// Use AWS in this region
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// Use the AWS-compatible cloud at this address
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The state machine, by name or ARN [default: order-workflow]
    #[arg(long, global = true, value_name = "NAME|ARN")]
    pub state_machine: Option<String>,
    /// The orders table [default: orders]
    #[arg(long, global = true, value_name = "NAME")]
    pub table: Option<String>,
    /// Where the embedded cloud keeps its data [default: $XDG_DATA_HOME/orderflow-tui]
    #[arg(long, global = true, value_name = "DIR", conflicts_with_all = ["in_memory", "profile", "endpoint_url", "region"])]
    pub data_dir: Option<PathBuf>,
    /// Let the embedded cloud keep its data in memory only
    #[arg(long, global = true, conflicts_with_all = ["profile", "endpoint_url", "region"])]
    pub in_memory: bool,
}

impl Global {
    /// Whether another cloud is meant than the embedded one.
    pub fn is_elsewhere(&self) -> bool {
        self.profile.is_some() || self.region.is_some() || self.endpoint_url.is_some()
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Submit an order: a sample, a file, or standard input
    Submit(Submit),
    /// List the executions, newest first
    Executions(Executions),
    /// Show an execution, state by state
    Show(Show),
    /// List the orders, newest first, or show one with its status history
    Orders(Orders),
    /// Print what the functions log
    Logs(Logs),
    /// Approve an order that waits for it
    Approve(Review),
    /// Reject an order that waits for approval
    Reject(Review),
    /// Draw a state machine
    Graph(Graph),
    /// Check definitions and say what is wrong with them, with line and column
    Check(Check),
    /// Serve the embedded cloud to the AWS CLI, boto3 and other programs
    Serve(Serve),
    /// Look at the configuration: keys, colours, columns, times, accounts
    Config(Config),
    /// Print a script that completes this command line in a shell
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
    /// Deploy the order workflow to AWS, through the SAM CLI
    Deploy(Deploy),
    /// Delete what deploy made on AWS, and make sure that nothing of it is left
    Destroy(Destroy),
    /// Print the least IAM policy that the dashboard needs
    IamPolicy(IamPolicy),
}

/// `submit`
#[derive(Debug, ClapArgs)]
pub struct Submit {
    /// A sample's name, a JSON file, or - for standard input; leave it out for a list of the samples
    pub order: Option<String>,
    /// Wait until the execution has ended, or waits for somebody
    #[arg(long)]
    pub wait: bool,
    /// Print JSON, a line an order
    #[arg(long)]
    pub json: bool,
    /// Submit so many orders, each with an id of its own
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
}

/// `executions`
#[derive(Debug, ClapArgs)]
pub struct Executions {
    /// Only those of this status
    #[arg(long, value_name = "STATUS", value_parser = ["running", "succeeded", "failed", "timed_out", "aborted"], ignore_case = true)]
    pub status: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Print JSON, a line an execution
    #[arg(long)]
    pub json: bool,
}

/// `show`
#[derive(Debug, ClapArgs)]
pub struct Show {
    /// The execution, by name or ARN
    pub execution: String,
    /// Print JSON: the execution, its states with their attempts, its events
    #[arg(long)]
    pub json: bool,
}

/// `orders`
#[derive(Debug, ClapArgs)]
pub struct Orders {
    /// One order, by its id
    pub id: Option<String>,
    /// Only those of this status
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Print JSON: one order as an object, a list a line an order
    #[arg(long)]
    pub json: bool,
}

/// `logs`
#[derive(Debug, ClapArgs)]
pub struct Logs {
    /// Go on with new lines until interrupted
    #[arg(long, short)]
    pub follow: bool,
    /// Only lines that match this CloudWatch filter pattern
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
    /// Only this function
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
    /// Lines of the last so many minutes
    #[arg(long, default_value_t = 60, value_name = "MINUTES")]
    pub since: u32,
    /// Print JSON, a line a log event
    #[arg(long)]
    pub json: bool,
}

/// `approve` and `reject`
#[derive(Debug, ClapArgs)]
pub struct Review {
    /// The execution, by name (the order's id) or ARN
    pub execution: String,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `graph`
#[derive(Debug, ClapArgs)]
pub struct Graph {
    /// A definition's file, or - for standard input [default: the state machine]
    pub file: Option<String>,
    /// Leave out what the lines say if the drawing is wider than this
    #[arg(long, value_name = "N")]
    pub width: Option<usize>,
    /// Plain ASCII
    #[arg(long)]
    pub ascii: bool,
    /// How large: three rows a state, one row, or one sign
    #[arg(long, value_name = "ZOOM", default_value = "full")]
    pub zoom: ZoomLevel,
    /// One row a state: short for --zoom compact
    #[arg(long, conflicts_with = "zoom")]
    pub compact: bool,
    /// Show how an execution stands in it, by name or ARN
    #[arg(long, value_name = "NAME|ARN", conflicts_with = "file")]
    pub execution: Option<String>,
    /// Whether to colour it
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,
    /// Text for a terminal, or a document of another kind
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: GraphFormat,
}

/// `--zoom`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ZoomLevel {
    /// Three rows a state
    #[default]
    Full,
    /// One row a state
    Compact,
    /// One sign a state
    Dots,
}

/// `--color`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also into a pipe
    Always,
    /// Not at all
    Never,
}

/// `--format`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum GraphFormat {
    /// The drawing
    #[default]
    Text,
    /// A Mermaid flowchart
    Mermaid,
    /// A Graphviz digraph
    Dot,
    /// Nodes and edges as JSON
    Json,
}

/// `serve`
#[derive(Debug, ClapArgs)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:4566", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Let other machines reach it: there is no password, so everybody who can may do everything
    #[arg(long)]
    pub expose_to_the_network: bool,
    /// Let so many seconds pass in one: an hour's Wait is over in a moment with 3600
    #[arg(long, default_value_t = 1.0, value_name = "N", value_parser = time_scale)]
    pub time_scale: f64,
    /// Answers that stand in for other services, in the format of AWS Step Functions Local
    #[arg(long, value_name = "FILE")]
    pub mock_config: Option<PathBuf>,
}

fn time_scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if (0.001..=1_000_000.0).contains(&scale) => Ok(scale),
        _ => Err("must be a number from 0.001 to 1000000".to_owned()),
    }
}

/// `check`
#[derive(Debug, ClapArgs)]
pub struct Check {
    /// Definitions, or - for standard input
    #[arg(required = true)]
    pub files: Vec<String>,
    /// Check them as Express workflows
    #[arg(long)]
    pub express: bool,
    /// Print JSON, a line a finding
    #[arg(long)]
    pub json: bool,
}

/// `config`
#[derive(Debug, ClapArgs)]
pub struct Config {
    /// What to do with it.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// `config print`, `config path`, `config check`
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Print what is in effect as a file, with a comment on each key
    Print(ConfigPrint),
    /// Print where the file is, whether or not it is there
    Path,
    /// Say what in the file does not read, with its line
    Check(ConfigCheck),
}

/// `config print`
#[derive(Debug, ClapArgs)]
pub struct ConfigPrint {
    /// What is in effect without a file
    #[arg(long)]
    pub default: bool,
}

/// `config check`
#[derive(Debug, ClapArgs)]
pub struct ConfigCheck {
    /// Another file than the one in its place
    pub file: Option<PathBuf>,
    /// Print JSON, a line a problem
    #[arg(long)]
    pub json: bool,
}

/// `completions`
#[derive(Debug, ClapArgs)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, ClapArgs)]
pub struct Man {
    /// Write the pages of all commands into this directory
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `deploy`
#[derive(Debug, ClapArgs)]
pub struct Deploy {
    /// The stack; the names of all that is in it begin with this
    #[arg(long, default_value = "orderflow", value_name = "NAME", value_parser = stack_name)]
    pub stack_name: String,
    /// What the functions are built for
    #[arg(long, value_name = "ARCHITECTURE", default_value = "arm64")]
    pub architecture: Architecture,
    /// Carry the change set out without asking
    #[arg(long, short)]
    pub yes: bool,
}

/// `destroy`
#[derive(Debug, ClapArgs)]
pub struct Destroy {
    /// The stack
    #[arg(long, default_value = "orderflow", value_name = "NAME", value_parser = stack_name)]
    pub stack_name: String,
    /// Keep the log groups; a stack of the same name cannot be deployed until they are deleted
    #[arg(long)]
    pub keep_logs: bool,
    /// Delete without asking
    #[arg(long, short)]
    pub yes: bool,
}

/// `iam-policy`
#[derive(Debug, ClapArgs)]
pub struct IamPolicy {
    /// Allow to look only: no submitting, stopping, approving and rejecting
    #[arg(long)]
    pub read_only: bool,
    /// Say what each action is for, with those of deploy and destroy, instead
    #[arg(long)]
    pub explain: bool,
}

/// `--architecture`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Architecture {
    /// Graviton: cheaper; building it elsewhere needs Rust's target for it
    #[default]
    #[value(name = "arm64")]
    Arm64,
    /// Intel and AMD
    #[value(name = "x86_64")]
    X86,
}

impl Architecture {
    /// As Lambda and the template spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }

    /// As Rust spells it.
    pub fn rust_target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86 => "x86_64-unknown-linux-gnu",
        }
    }
}

/// CloudFormation's rule for names, and short enough that `<name>-update-order-status` is a function's name.
fn stack_name(text: &str) -> Result<String, String> {
    let mut characters = text.chars();
    let begins = characters.next().is_some_and(|c| c.is_ascii_alphabetic());
    if begins && text.len() <= 44 && characters.all(|c| c.is_ascii_alphanumeric() || c == '-') {
        Ok(text.to_owned())
    } else {
        Err("must begin with a letter and have letters, digits and hyphens, at most 44".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        super::Args::command().debug_assert();
    }

    #[test]
    fn a_stack_is_named_so_that_all_in_it_can_be() {
        let longest = "a".repeat(44);
        let too_long = "a".repeat(45);
        let good = ["shop", "Shop-2", longest.as_str()].map(|name| (name, true));
        let bad = [too_long.as_str(), "2", "", "a b", "-a"].map(|name| (name, false));
        for (name, expected) in good.into_iter().chain(bad) {
            assert_eq!(super::stack_name(name).is_ok(), expected, "{name:?}");
        }
    }
}
