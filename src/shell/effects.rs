//! Fulfils wishes: each becomes a task that sends one message back.
//!
//! Of the fetches with one key at most one is under way, and the latest wish waits behind it.

use std::collections::HashMap;

use futures::future::join_all;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;

use crate::app::model::{Action, MAX_LISTED};
use crate::app::{Cmd, Msg, TaskKey};
use crate::cloud::{Cloud, CloudError};
use crate::facts::{Arn, LogLine};

/// Lines of a group that are read at once: more than the dashboard keeps of all.
const MOST_LINES: usize = 20_000;

/// An answer with the key of what it answers.
pub(super) struct Answer {
    key: Option<TaskKey>,
    message: Msg,
}

pub(super) struct Effects {
    world: World,
    results: UnboundedSender<Answer>,
    /// What is under way, and what is to follow it.
    running: HashMap<TaskKey, Option<Cmd>>,
}

/// What tasks work with.
#[derive(Clone)]
struct World {
    cloud: Cloud,
    machine: Arn,
    table: String,
}

impl Effects {
    pub(super) fn new(cloud: Cloud, machine: Arn, table: String, results: UnboundedSender<Answer>) -> Self {
        Self { world: World { cloud, machine, table }, results, running: HashMap::new() }
    }

    /// What is wished from now on goes to this cloud.
    pub(super) fn reach(&mut self, cloud: Cloud) {
        self.world.cloud = cloud;
    }

    pub(super) fn start(&mut self, wishes: Vec<Cmd>) {
        for wish in wishes {
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
                let message = world.fulfil(wish).await;
                // The dashboard may have been left.
                let _ = results.send(Answer { key, message });
            });
        }
    }

    /// Takes an answer in, and starts what waited behind it.
    pub(super) fn finished(&mut self, answer: Answer) -> Option<Msg> {
        if let Some(next) = answer.key.and_then(|key| self.running.remove(&key)).flatten() {
            self.start(vec![next]);
        }
        Some(answer.message)
    }
}

fn told<T>(result: Result<T, CloudError>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

impl World {
    async fn fulfil(&self, wish: Cmd) -> Msg {
        let cloud = &self.cloud;
        match wish {
            Cmd::FetchIdentity => Msg::Identity(told(cloud.identity().await)),
            Cmd::FetchExecutions => Msg::Executions(told(cloud.executions(&self.machine, None, MAX_LISTED).await)),
            Cmd::FetchMachine { execution } => {
                let result = match &execution {
                    Some(arn) => cloud.machine_of(arn).await,
                    None => cloud.machine(&self.machine).await,
                };
                Msg::Machine { execution, result: told(result) }
            }
            Cmd::FetchHistory { execution, after } => {
                let result = told(cloud.history_after(&execution, after).await);
                Msg::History { execution, result }
            }
            Cmd::FetchOrders => Msg::Orders(told(cloud.orders(&self.table, MAX_LISTED).await)),
            Cmd::FetchOrder { id } => {
                let result = Box::new(told(cloud.order(&self.table, &id).await));
                Msg::Order { id, result }
            }
            Cmd::FetchLogs { since } => Msg::Logs(told(self.logs(since).await)),
            Cmd::StartExecution { request, name, input } => {
                let result = told(cloud.start_execution(&self.machine, &name, &input).await);
                Msg::Started { request, result }
            }
            Cmd::Act { request, action, reason } => {
                let result = told(self.act(&action, &reason).await);
                Msg::Acted { request, action, result }
            }
        }
    }

    /// What the groups have since then. A group that cannot be read does not hide the others.
    async fn logs(&self, since: i64) -> Result<Vec<LogLine>, CloudError> {
        let groups = self.cloud.log_groups("/aws/lambda/").await?;
        let asked = groups.iter().map(|group| self.cloud.log_lines(group, since, None, MOST_LINES));
        let (mut lines, mut failed) = (Vec::new(), None);
        for answer in join_all(asked).await {
            match answer {
                Ok(more) => lines.extend(more),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if lines.is_empty() => Err(error),
            _ => Ok(lines),
        }
    }

    async fn act(&self, action: &Action, reason: &str) -> Result<(), CloudError> {
        match action {
            Action::Approve { token, .. } => {
                let output = json!({"approved": true, "reason": reason}).to_string();
                self.cloud.task_success(token, &output).await
            }
            Action::Reject { token, .. } => {
                let cause = if reason.is_empty() { "Somebody rejected the order" } else { reason };
                self.cloud.task_failure(token, "OrderNotApproved", cause).await
            }
            Action::Stop { execution } => {
                let cause = if reason.is_empty() { "Stopped from the dashboard" } else { reason };
                self.cloud.stop_execution(execution, cause).await
            }
        }
    }
}
