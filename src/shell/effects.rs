//! Fulfils wishes: each becomes a task that sends one message back.
//!
//! Of the fetches with one key at most one is under way, and the latest wish waits behind it.

use std::collections::HashMap;

use futures::future::join_all;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::source::Source;
use super::{clipboard, files};
use crate::app::model::{Action, MAX_EXECUTIONS, MAX_LISTED};
use crate::app::{Cmd, Msg, TaskKey};
use crate::cloud::{Cloud, CloudError, ErrorKind};
use crate::facts::{Arn, Execution, ExecutionSummary, HistoryEvent, LogLine, MachineKind, Millis};

/// Lines of a group that are read at once: more than the dashboard keeps of all.
const MOST_LINES: usize = 20_000;

/// How far back Express executions are looked for, in milliseconds: the log is all that knows of them.
const EXPRESS_BACK: Millis = 3 * 3_600_000;

/// An answer with the key of what it answers.
pub(super) struct Answer {
    pub(super) key: Option<TaskKey>,
    pub(super) message: Msg,
    /// Whether a call was refused because there were too many.
    pub(super) throttled: bool,
    /// The machine that was looked at as it was asked.
    machine: Arn,
    /// Which of the clouds that were reached was asked.
    epoch: u64,
}

pub(super) struct Effects {
    world: World,
    results: UnboundedSender<Answer>,
    /// What is under way, and what is to follow it.
    running: HashMap<TaskKey, Option<Cmd>>,
    /// The Live Tail session.
    tail: Option<AbortHandle>,
}

/// What tasks work with.
#[derive(Clone)]
struct World {
    source: Source,
    machine: Arn,
    table: String,
    /// How many clouds were reached before.
    epoch: u64,
}

impl Effects {
    pub(super) fn new(source: Source, machine: Arn, table: String, results: UnboundedSender<Answer>) -> Self {
        Self { world: World { source, machine, table, epoch: 0 }, results, running: HashMap::new(), tail: None }
    }

    /// What is wished from now on is about this machine, and what is still answered about another is not told.
    pub(super) fn look_at(&mut self, machine: &Arn) {
        if self.world.machine != *machine {
            self.world.machine = machine.clone();
        }
    }

    /// What is wished from now on goes to this cloud, which is the same one, reached anew.
    pub(super) fn reach(&mut self, cloud: Cloud) {
        self.world.source = Source::Cloud(cloud);
    }

    /// What is wished from now on goes to this cloud, and what is still answered by another is not told.
    pub(super) fn go_to(&mut self, cloud: Cloud) {
        self.reach(cloud);
        self.world.epoch += 1;
        self.stop_tail();
        // Nothing here waits for what the other one still answers.
        self.running.clear();
    }

    /// Hands a text that the terminal was offered, or not, to the system's clipboard.
    pub(super) fn copy(&self, label: &'static str, text: String, offered: bool) {
        let (results, world) = (self.results.clone(), self.world.clone());
        tokio::spawn(async move {
            let message = Msg::Copied { label, result: clipboard::copy(text, offered).await };
            // The dashboard may have been left.
            let _ = results.send(world.answer(None, message));
        });
    }

    pub(super) fn start(&mut self, wishes: Vec<Cmd>) {
        for wish in wishes {
            match wish {
                Cmd::StartTail { request, functions } => {
                    self.start_tail(request, functions);
                    continue;
                }
                Cmd::StopTail => {
                    self.stop_tail();
                    continue;
                }
                _ => {}
            }
            let key = wish.key();
            if let Some(key) = &key {
                if let Some(next) = self.running.get_mut(key) {
                    *next = Some(wish);
                    continue;
                }
                self.running.insert(key.clone(), None);
            }
            let (world, results) = (self.world.clone(), self.results.clone());
            tokio::spawn(async move {
                let mut said = Said::default();
                let message = world.fulfil(wish, &mut said).await;
                // The dashboard may have been left.
                let _ = results.send(Answer { throttled: said.throttled, ..world.answer(key, message) });
            });
        }
    }

    /// Tells lines until the session ends or is stopped; another one ends it.
    fn start_tail(&mut self, request: u64, functions: Vec<String>) {
        self.stop_tail();
        let Source::Cloud(cloud) = &self.world.source else { return };
        let (cloud, results, world) = (cloud.clone(), self.results.clone(), self.world.clone());
        let task = tokio::spawn(async move {
            let end = match cloud.live_tail(&world.machine, &functions).await {
                Ok(mut tail) => loop {
                    match tail.next().await {
                        Ok(Some(lines)) if lines.is_empty() => {}
                        Ok(Some(lines)) => {
                            let message = Msg::Tailed { request, result: Ok(Some(lines)) };
                            if results.send(world.answer(None, message)).is_err() {
                                return;
                            }
                        }
                        end => break end,
                    }
                },
                Err(error) => Err(error),
            };
            let message = Msg::Tailed { request, result: end.map_err(|error| error.to_string()) };
            // The dashboard may have been left.
            let _ = results.send(world.answer(None, message));
        });
        self.tail = Some(task.abort_handle());
    }

    fn stop_tail(&mut self) {
        if let Some(task) = self.tail.take() {
            task.abort();
        }
    }

    /// Whether an answer is by the cloud that is asked now, or of what the user has ordered.
    pub(super) fn is_of_now(&self, answer: &Answer) -> bool {
        answer.key.is_none() || answer.epoch == self.world.epoch
    }

    /// Takes an answer in, and starts what waited behind it. There is no message where the machine that was asked about
    /// is no longer looked at.
    pub(super) fn finished(&mut self, answer: Answer) -> Option<Msg> {
        let is_late = answer.machine != self.world.machine && answer.key.as_ref().is_some_and(TaskKey::is_of_machine);
        if let Some(next) = answer.key.and_then(|key| self.running.remove(&key)).flatten() {
            self.start(vec![next]);
        }
        (!is_late).then_some(answer.message)
    }
}

/// What the cloud said beside its answers.
#[derive(Default)]
struct Said {
    throttled: bool,
}

impl Said {
    /// The sentence of an error; that it was one of too many calls is noted.
    fn told<T>(&mut self, result: Result<T, CloudError>) -> Result<T, String> {
        result.map_err(|error| {
            self.throttled |= error.kind == ErrorKind::Throttled;
            error.to_string()
        })
    }
}

impl World {
    /// An answer to what was asked here and now.
    fn answer(&self, key: Option<TaskKey>, message: Msg) -> Answer {
        Answer { key, message, throttled: false, machine: self.machine.clone(), epoch: self.epoch }
    }

    async fn fulfil(&self, wish: Cmd, said: &mut Said) -> Msg {
        let wish = match self.beside_the_cloud(wish).await {
            Ok(message) => return message,
            Err(wish) => wish,
        };
        let cloud = match &self.source {
            Source::Cloud(cloud) => cloud,
            Source::File(recorded) => return recorded.answer(wish),
        };
        match wish {
            Cmd::CountCalls => Msg::Calls(cloud.calls(jiff::Timestamp::now().as_millisecond())),
            Cmd::FetchIdentity => Msg::Identity(said.told(cloud.identity().await)),
            Cmd::FetchMachines { regions } => {
                let (machines, problem) = machines(cloud, &regions, said).await;
                Msg::Machines { machines, problem }
            }
            Cmd::FetchVersions => Msg::Versions(said.told(cloud.versions(&self.machine.unqualified()).await)),
            Cmd::FetchMapRun { map_run } => {
                let result = said.told(cloud.executions(&map_run, None, MAX_LISTED).await);
                Msg::MapRun { map_run, result }
            }
            Cmd::FetchExecutions => Msg::Executions(said.told(self.executions(cloud).await)),
            Cmd::FetchMachine { execution } => {
                let result = match &execution {
                    Some(arn) => cloud.machine_of(arn).await,
                    None => cloud.machine(&self.machine).await,
                };
                Msg::Machine { execution, result: said.told(result) }
            }
            Cmd::FetchHistory { execution, after } => {
                let result = said.told(self.history(cloud, &execution, after).await);
                Msg::History { execution, result }
            }
            Cmd::FetchOrders { asked } | Cmd::FetchOlderOrders { asked } => {
                match cloud.orders(&self.table, &asked, MAX_LISTED).await {
                    // Other people's accounts have no orders of ours.
                    Err(error) if error.code.as_deref() == Some("ResourceNotFoundException") => Msg::NoOrders,
                    result => Msg::Orders { asked, result: said.told(result) },
                }
            }
            Cmd::FetchOrder { id } => {
                let result = Box::new(said.told(cloud.order(&self.table, &id).await));
                Msg::Order { id, result }
            }
            Cmd::FetchLogs { since, functions } => {
                let result = logs(cloud, since, &functions, said).await;
                Msg::Logs(said.told(result))
            }
            Cmd::FetchDetails { execution } => {
                let result = said.told(self.details(cloud, &execution).await);
                Msg::Details { execution, result: Box::new(result) }
            }
            Cmd::FetchCompared { execution } => {
                let result = said.told(self.history(cloud, &execution, 0).await);
                Msg::Compared { execution, result }
            }
            Cmd::FetchMetrics { machine, functions, periods } => {
                let result = said.told(cloud.metrics(Some(&machine), &functions, periods).await);
                Msg::Metrics { periods, result }
            }
            Cmd::TestState { request, test } => {
                let result = Box::new(said.told(cloud.test_state(&test).await));
                Msg::StateTested { request, result }
            }
            Cmd::StartExecution { request, machine, name, input } => {
                let result = said.told(cloud.start_execution(&machine, &name, &input).await);
                Msg::Started { request, result }
            }
            Cmd::Act { request, action, reason } => {
                let (done, result) = act(cloud, &action, &reason).await;
                Msg::Acted { request, action, done, result: said.told(result) }
            }
            Cmd::Copy { .. }
            | Cmd::Write { .. }
            | Cmd::OpenUrl { .. }
            | Cmd::Edit { .. }
            | Cmd::Connect { .. }
            | Cmd::StartTail { .. }
            | Cmd::StopTail
            | Cmd::Suspend
            | Cmd::ListenToMouse { .. } => Msg::Opened(Ok(())),
        }
    }

    /// What needs no cloud.
    async fn beside_the_cloud(&self, wish: Cmd) -> Result<Msg, Cmd> {
        match wish {
            Cmd::Write { name, files } => {
                let written = tokio::task::spawn_blocking(move || files::write(&name, &files)).await;
                Ok(Msg::Written(written.unwrap_or_else(|error| Err(error.to_string()))))
            }
            Cmd::OpenUrl { url } => Ok(Msg::Opened(files::open(&url).await)),
            other => Err(other),
        }
    }

    /// The machine's newest executions; those of an Express machine as its log tells them.
    async fn executions(&self, cloud: &Cloud) -> Result<Vec<ExecutionSummary>, CloudError> {
        match cloud.executions(&self.machine, None, MAX_EXECUTIONS).await {
            Err(error) if error.code.as_deref() == Some("StateMachineTypeNotSupported") => {
                let machine = cloud.machine(&self.machine).await?;
                let since = jiff::Timestamp::now().as_millisecond() - EXPRESS_BACK;
                match (machine.kind, machine.log_group) {
                    (MachineKind::Express, Some(group)) => {
                        cloud.express_executions(&self.machine, &group, since, MAX_LISTED).await
                    }
                    _ => Err(error),
                }
            }
            answer => answer,
        }
    }

    async fn history(&self, cloud: &Cloud, execution: &Arn, after: i64) -> Result<Vec<HistoryEvent>, CloudError> {
        if !execution.is_express() {
            return cloud.history_after(execution, after).await;
        }
        let machine = cloud.machine_of(execution).await?;
        let since = jiff::Timestamp::now().as_millisecond() - EXPRESS_BACK;
        match machine.log_group {
            Some(group) => cloud.express_history(&group, execution, since).await,
            None => Ok(Vec::new()),
        }
    }

    async fn details(&self, cloud: &Cloud, arn: &Arn) -> Result<(Execution, Vec<HistoryEvent>), CloudError> {
        Ok((cloud.execution(arn).await?, self.history(cloud, arn, 0).await?))
    }
}

/// What the functions have logged since then. A group that cannot be read does not hide the others.
async fn logs(cloud: &Cloud, since: i64, functions: &[String], said: &mut Said) -> Result<Vec<LogLine>, CloudError> {
    let groups: Vec<String> = functions.iter().map(|function| format!("/aws/lambda/{function}")).collect();
    let asked = groups.iter().map(|group| cloud.log_lines(group, since, None, MOST_LINES));
    let (mut lines, mut failed) = (Vec::new(), None);
    for answer in join_all(asked).await {
        match answer {
            Ok(more) => lines.extend(more),
            // A function that was never invoked has none.
            Err(error) if error.code.as_deref() == Some("ResourceNotFoundException") => {}
            Err(error) => {
                said.throttled |= error.kind == ErrorKind::Throttled;
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if lines.is_empty() => Err(error),
        _ => Ok(lines),
    }
}

/// The state machines of the cloud's own region and of others. A region that cannot be asked does not hide the others.
async fn machines(cloud: &Cloud, regions: &[String], said: &mut Said) -> (Vec<Arn>, Option<String>) {
    let others = regions.iter().filter(|region| cloud.region() != Some(region.as_str()));
    let clouds: Vec<Cloud> =
        std::iter::once(cloud.clone()).chain(others.map(|region| cloud.in_region(region))).collect();
    let (mut machines, mut problems) = (Vec::new(), Vec::new());
    for (cloud, answer) in clouds.iter().zip(join_all(clouds.iter().map(Cloud::machines)).await) {
        match said.told(answer) {
            Ok(found) => machines.extend(found.into_iter().map(|(arn, _)| arn)),
            Err(problem) if regions.is_empty() => problems.push(problem),
            Err(problem) => problems.push(format!("{}: {problem}", cloud.region().unwrap_or_default())),
        }
    }
    (machines, (!problems.is_empty()).then(|| problems.join("; ")))
}

async fn act(cloud: &Cloud, action: &Action, reason: &str) -> (usize, Result<(), CloudError>) {
    match action {
        Action::Approve { waiting } => {
            // An output that is JSON is taken as it is; anything else is why.
            let output = match serde_json::from_str::<serde_json::Value>(reason) {
                Ok(value) if value.is_object() || value.is_array() => value,
                _ => json!({"approved": true, "reason": reason}),
            };
            let output = output.to_string();
            each(waiting.iter().map(|one| cloud.task_success(&one.token, &output))).await
        }
        Action::Reject { waiting } => {
            each(waiting.iter().map(|one| {
                let (error, cause) = match one.is_order {
                    true => ("OrderNotApproved", "Somebody rejected the order"),
                    false => ("Rejected", "Somebody rejected it"),
                };
                cloud.task_failure(&one.token, error, if reason.is_empty() { cause } else { reason })
            }))
            .await
        }
        Action::Stop { executions } => {
            let cause = if reason.is_empty() { "Stopped from the dashboard" } else { reason };
            each(executions.iter().map(|execution| cloud.stop_execution(execution, cause))).await
        }
        Action::Redrive { executions } => each(executions.iter().map(|execution| cloud.redrive(execution))).await,
    }
}

/// Does all of them, one after the other; how many were done, and the first error. Where nobody answers, or it is not
/// allowed, the others would come to the same.
async fn each(
    acts: impl Iterator<Item = impl Future<Output = Result<(), CloudError>>>,
) -> (usize, Result<(), CloudError>) {
    let (mut done, mut first) = (0, Ok(()));
    for act in acts {
        match act.await {
            Ok(()) => done += 1,
            Err(error) => {
                let is_last = matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Denied | ErrorKind::Credentials);
                first = first.and(Err(error));
                if is_last {
                    break;
                }
            }
        }
    }
    (done, first)
}
