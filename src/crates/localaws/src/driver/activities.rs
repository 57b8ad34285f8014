//! Activities: tasks that wait for a worker, and workers that wait for a task.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use asl_engine::{Execution, Input, Invocation, Stamped, TaskId};
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
    token: String,
    input: Arc<str>,
}

impl Driver {
    /// A task is there for whoever asks.
    pub(super) fn offer(&mut self, activity: String, execution: Arc<str>, invocation: Invocation) {
        let Invocation { task, token, payload, .. } = invocation;
        let input = Arc::clone(payload.text());
        // Every task of an activity has a token.
        let offer = Offer { execution, task, token: token.unwrap_or_default(), input };
        self.activities.0.entry(activity.clone()).or_default().tasks.push_back(offer);
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
            // Workers that gave up, and tasks that nobody waits for any more, are no match. Of an execution that is being
            // worked on that is not known: whoever takes its task in vain hears so when answering.
            while queue.workers.front().is_some_and(|(_, reply)| reply.is_closed()) {
                queue.workers.pop_front();
            }
            let running = &self.running;
            while queue.tasks.front().is_some_and(|offer| {
                let given_up = |execution: &Execution| !execution.waits_for(offer.task);
                running.get(&offer.execution).is_none_or(|live| live.execution.as_deref().is_some_and(given_up))
            }) {
                queue.tasks.pop_front();
            }
            if queue.tasks.is_empty() || queue.workers.is_empty() {
                return;
            }
            let (Some(offer), Some((worker, reply))) = (queue.tasks.pop_front(), queue.workers.pop_front()) else {
                return;
            };
            let Offer { execution, task, token, input } = offer;
            let at = self.world.clock.now();
            let polled = Act::Polled(reply, Polled { token, input });
            self.step_then(&execution, Stamped { at, input: Input::TaskStarted { task, worker } }, Some(polled));
        }
    }
}
