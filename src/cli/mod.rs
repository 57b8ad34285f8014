//! The command line: arguments into one action, the action into its end.
//!
//! Exit codes: 0 ended well, 1 an error, 2 bad usage, 3 an execution failed, 4 the cloud cannot be reached.

mod args;
mod check;
mod config;
mod deploy;
mod destroy;
mod graph;
mod iam_policy;
mod listing;
mod logs;
mod manual;
mod output;
mod replay;
mod review;
mod serve;
mod show;
mod stack;
mod submit;

use std::process::ExitCode;

use clap::Parser;
use localaws::Place;

pub use args::{Args, Command, Global};
pub use iam_policy::{CALLS, Call, Caller, On};

use crate::cloud::{self, AwsOptions, Cloud, CloudError, ErrorKind};
use crate::facts::Arn;
use crate::local::{self, Local};
use crate::telemetry;

/// How a command ended, as its exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// 0
    Well,
    /// 1: what was checked is not in order; what is wrong has been said
    Badly,
    /// 3
    ExecutionFailed,
}

/// What was asked for cannot be meant. Ends with exit code 2, like what clap refuses.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Runs the program.
pub fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = color_eyre::config::HookBuilder::default().display_env_section(false).install() {
        return failed(&error);
    }
    quiet_functions();
    // What serves spends its time in the driver, which is one task, and in waiting: two threads would wake each other for
    // every request. A dashboard draws beside it.
    let workers = if matches!(args.command, Some(Command::Serve(_))) { 1 } else { 2 };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result = runtime.block_on(run(args));
    // What still runs at the end (a function that nobody waits for) must not hold the process.
    runtime.shutdown_background();
    match result {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::from(1),
        Ok(Ended::ExecutionFailed) => ExitCode::from(3),
        Err(report) => failed(&report),
    }
}

/// A panic in a function or an expression is its own end: who called it is told, and the program goes on.
fn quiet_functions() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !local::is_in_function() && !asl::jsonata::is_evaluating() {
            crate::shell::restore();
            report(panic);
        }
    }));
}

fn failed(report: &color_eyre::Report) -> ExitCode {
    // A closed pipe is how `head` ends; it is no error of ours.
    if report.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }) {
        return ExitCode::SUCCESS;
    }
    let causes: Vec<String> = report.chain().map(|cause| crate::ui::text::clean(&cause.to_string())).collect();
    output::complain(&format!("error: {}", causes.join(": ")));
    if report.chain().any(|cause| cause.is::<Usage>()) {
        return ExitCode::from(2);
    }
    let unreachable = report
        .chain()
        .filter_map(|cause| cause.downcast_ref::<CloudError>())
        .any(|error| matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Credentials));
    ExitCode::from(if unreachable { 4 } else { 1 })
}

async fn run(args: Args) -> color_eyre::Result<Ended> {
    let Args { global, replay, read_only, command } = args;
    if let Ok(directory) = data_directory(&global) {
        telemetry::start(&directory.join("orderflow-tui.log"))?;
    }
    if let Some(path) = &replay {
        if command.is_some() {
            return Err(Usage("--replay opens the dashboard: leave the command out".to_owned()).into());
        }
        crate::shell::run(replay::session(path)?).await?;
        return Ok(Ended::Well);
    }
    if read_only && command.is_some() {
        return Err(Usage("--read-only is for the dashboard: leave the command out".to_owned()).into());
    }
    match command {
        None => {
            let world = Connected::open(&global).await?;
            let settle = world.local.as_ref().map(Local::settle);
            let mut session = world.session(&global).await?;
            session.config.settings.read_only |= read_only;
            crate::shell::run(session).await?;
            if let Some(settle) = settle {
                settle.await;
            }
            Ok(Ended::Well)
        }
        Some(Command::Graph(args)) => graph::run(&global, args).await,
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Serve(args)) => serve::run(&global, args).await,
        Some(Command::Config(args)) => config::run(args),
        Some(Command::Completions(args)) => manual::completions(&args),
        Some(Command::Man(args)) => manual::man(&args),
        Some(Command::Deploy(args)) => deploy::run(&global, args).await,
        Some(Command::Destroy(args)) => destroy::run(&global, args).await,
        Some(Command::IamPolicy(args)) => iam_policy::run(&global, &args),
        Some(Command::Submit(args)) => connected(&global, async |world| submit::run(world, args).await).await,
        Some(Command::Executions(args)) => {
            connected(&global, async |world| listing::executions(world, args).await).await
        }
        Some(Command::Orders(args)) => connected(&global, async |world| listing::orders(world, args).await).await,
        Some(Command::Show(args)) => connected(&global, async |world| show::run(world, args).await).await,
        Some(Command::Logs(args)) => connected(&global, async |world| logs::run(world, args).await).await,
        Some(Command::Approve(args)) => connected(&global, async |world| review::approve(world, args).await).await,
        Some(Command::Reject(args)) => connected(&global, async |world| review::reject(world, args).await).await,
    }
}

/// Does something with a cloud; what it left to be written is written before the process ends.
async fn connected(
    global: &Global,
    run: impl AsyncFnOnce(&Connected) -> color_eyre::Result<Ended>,
) -> color_eyre::Result<Ended> {
    let world = Connected::open(global).await?;
    let ended = run(&world).await;
    if let Some(local) = &world.local {
        local.settle().await;
    }
    ended
}

fn data_directory(global: &Global) -> color_eyre::Result<std::path::PathBuf> {
    match &global.data_dir {
        Some(directory) => Ok(directory.clone()),
        None => local::default_directory(),
    }
}

/// A cloud, embedded or not, with what the command line says of it.
pub(crate) struct Connected {
    pub(crate) cloud: Cloud,
    pub(crate) machine: Option<String>,
    pub(crate) table: String,
    pub(crate) local: Option<Local>,
    place: String,
}

impl Connected {
    async fn open(global: &Global) -> color_eyre::Result<Self> {
        let table = global.table.clone().unwrap_or_else(|| local::ORDERS_TABLE.to_owned());
        let machine = global.state_machine.clone();
        if global.is_elsewhere() {
            let options = AwsOptions {
                profile: global.profile.clone(),
                region: global.region.clone(),
                endpoint_url: global.endpoint_url.clone(),
            };
            let place = place_name(&global.endpoint_url, &global.profile);
            let cloud = Cloud::new(&cloud::aws(options).await);
            let place = format!("{place} {}", cloud.region().unwrap_or("no region"));
            return Ok(Self { cloud, machine, table, local: None, place });
        }
        let local = Local::open(place(global)?).await?;
        let cloud = Cloud::new(&local.config);
        Ok(Self { cloud, machine, table, local: Some(local), place: "embedded cloud".to_owned() })
    }

    /// The machine that the command line means: an ARN, a name, or the order workflow.
    pub(crate) async fn machine(&self) -> color_eyre::Result<Arn> {
        let wanted = match &self.machine {
            Some(arn) if arn.starts_with("arn:") => return Ok(Arn(arn.clone())),
            None if self.local.is_some() => return Ok(local::machine_arn()),
            Some(name) => name.as_str(),
            None => local::MACHINE,
        };
        let machines = self.cloud.machines().await?;
        machines.iter().find(|(_, name)| name == wanted).map(|(arn, _)| arn.clone()).ok_or_else(|| {
            let names: Vec<&str> = machines.iter().map(|(_, name)| name.as_str()).take(20).collect();
            color_eyre::eyre::eyre!(
                "there is no state machine {wanted}: give --state-machine, one of {}",
                if names.is_empty() { "(none is there)".to_owned() } else { names.join(", ") }
            )
        })
    }

    /// The execution that is meant by an ARN or a name.
    pub(crate) async fn execution(&self, text: &str) -> color_eyre::Result<Arn> {
        if text.starts_with("arn:") {
            return Ok(Arn(text.to_owned()));
        }
        let machine = self.machine().await?;
        Ok(Arn(format!("{}:{text}", machine.0.replace(":stateMachine:", ":execution:"))))
    }

    async fn session(self, global: &Global) -> color_eyre::Result<crate::shell::Session> {
        let machine = self.machine().await?;
        let loaded = crate::config::load();
        let changes = self.local.as_ref().and_then(|local| local.changes.clone());
        let has_console = self.local.is_none() && global.endpoint_url.is_none();
        let reach = self.local.is_none().then(|| crate::app::clip::Reach {
            region: global.region.clone(),
            profile: global.profile.clone(),
            endpoint_url: global.endpoint_url.clone(),
        });
        Ok(crate::shell::Session {
            source: crate::shell::Source::Cloud(self.cloud),
            reach,
            is_aws: has_console,
            machine,
            table: self.table,
            place: self.place,
            changes,
            samples: local::samples()?,
            problem: config::told(&loaded).into_iter().next(),
            config: loaded.config,
            connect: self.local.is_none().then(connect),
            profiles: cloud::profiles(|name| std::env::var(name).ok()),
            reopen: if self.local.is_some() { Some(reopen(place(global)?)) } else { None },
            held: self.local.map(|local| Box::new(local) as Box<dyn Send>),
        })
    }
}

/// What a cloud that is not embedded is called, before its region.
fn place_name(endpoint_url: &Option<String>, profile: &Option<String>) -> String {
    match (endpoint_url, profile) {
        (Some(endpoint), _) => endpoint.clone(),
        (None, Some(profile)) => format!("AWS {profile}"),
        (None, None) => "AWS".to_owned(),
    }
}

/// Goes to another profile or region. The state machine there is the one that is asked for, or else one of the same
/// name, or the first.
fn connect() -> crate::shell::Connect {
    Box::new(|reach, machine, like| {
        Box::pin(async move {
            let options = AwsOptions {
                profile: reach.profile.clone(),
                region: reach.region.clone(),
                endpoint_url: reach.endpoint_url.clone(),
            };
            let cloud = Cloud::new(&cloud::aws(options).await);
            let name = place_name(&reach.endpoint_url, &reach.profile);
            let place = format!("{name} {}", cloud.region().unwrap_or("no region"));
            let (machine, is_meant) = match machine {
                Some(machine) => (machine, true),
                None => {
                    let machines = cloud.machines().await?;
                    let same = machines.iter().find(|(_, name)| *name == like).map(|(arn, _)| arn.clone());
                    let first = machines.first().map(|(arn, _)| arn.clone());
                    let is_meant = same.is_some();
                    let found = same.or(first);
                    (found.ok_or_else(|| color_eyre::eyre::eyre!("{place} has no state machine"))?, is_meant)
                }
            };
            Ok((cloud, crate::app::elsewhere::Reached { place, reach, machine, is_meant }))
        })
    })
}

/// Opens the embedded cloud again, or attaches to whoever did so first.
fn reopen(place: Place) -> crate::shell::Reopen {
    Box::new(move || {
        let place = place.clone();
        Box::pin(async move {
            let local = Local::open(place).await?;
            let (cloud, changes) = (Cloud::new(&local.config), local.changes.clone());
            Ok(crate::shell::Reopened { cloud, changes, held: Box::new(local) })
        })
    })
}

fn place(global: &Global) -> color_eyre::Result<Place> {
    if global.in_memory { Ok(Place::Memory) } else { Ok(Place::Directory(data_directory(global)?)) }
}
