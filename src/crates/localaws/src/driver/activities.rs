//! Activities: tasks that wait for a worker, and workers that wait for a task.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use asl_engine::{Input, Stamped, TaskId};
use tokio::sync::oneshot;

use super::{Act, Driver, Polled};

/// What waits, by the activity's ARN.
#[derive(Default)]
pub(super) struct Activities(HashMap<String, Queue>);

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Offer>,
    workers: VecDeque<(Option<String>, oneshot::Sender<Polled>)>,
}

struct Offer {
    execution: Arc<str>,
    task: TaskId,
    input: Arc<str>,
}

impl Driver {
    /// A task is there for whoever asks.
    pub(super) fn offer(&mut self, activity: String, execution: Arc<str>, task: TaskId, input: Arc<str>) {
        self.activities.0.entry(activity.clone()).or_default().tasks.push_back(Offer { execution, task, input });
        self.match_up(&activity);
    }

    /// A worker asks. It waits until there is a task, or until it gives up by dropping its end.
    pub(super) fn poll(&mut self, activity: String, worker: Option<String>, reply: oneshot::Sender<Polled>) {
        self.activities.0.entry(activity.clone()).or_default().workers.push_back((worker, reply));
        self.match_up(&activity);
    }

    fn match_up(&mut self, activity: &str) {
        loop {
            let Some(queue) = self.activities.0.get_mut(activity) else { return };
            // Workers that gave up, and tasks that nobody waits for any more, are no match.
            while queue.workers.front().is_some_and(|(_, reply)| reply.is_closed()) {
                queue.workers.pop_front();
            }
            let running = &self.running;
            while queue.tasks.front().is_some_and(|offer| {
                running.get(&offer.execution).is_none_or(|live| !live.execution.waits_for(offer.task))
            }) {
                queue.tasks.pop_front();
            }
            if queue.tasks.is_empty() || queue.workers.is_empty() {
                return;
            }
            let (Some(offer), Some((worker, reply))) = (queue.tasks.pop_front(), queue.workers.pop_front()) else {
                return;
            };
            let Offer { execution, task, input } = offer;
            let live = self.running.get(&execution);
            let Some(token) = live.and_then(|live| live.execution.token_of(task)).map(ToOwned::to_owned) else {
                continue;
            };
            let at = self.world.clock.now();
            self.step(&execution, Stamped { at, input: Input::TaskStarted { task, worker } });
            self.acts.push(Act::Polled(reply, Polled { token, input }));
        }
    }
}
