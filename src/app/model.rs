//! What the dashboard knows and shows, what can happen to it, and what it can wish for.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use order_core::{OrderId, OrderRecord, Sample};

use super::editor::Editor;
use super::keymap::{Key, Keymap, Mode};
use super::run::Run;
use super::settings::Settings;
use crate::facts::{Arn, ExecutionSummary, HistoryEvent, Identity, LogLine, MachineFacts, Millis, OrderFacts};

/// The panes, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a pane's name")]
pub enum Pane {
    Executions,
    Graph,
    Inspector,
    Orders,
    Logs,
}

impl Pane {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Executions, Self::Graph, Self::Inspector, Self::Orders, Self::Logs];

    /// Its number on the keyboard.
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0) + 1
    }

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Executions => "Executions",
            Self::Graph => "Graph",
            Self::Inspector => "Inspector",
            Self::Orders => "Orders",
            Self::Logs => "Logs",
        }
    }
}

/// A machine with its definition read.
#[derive(Clone, Debug)]
pub struct Known {
    /// As the cloud has it.
    pub facts: MachineFacts,
    /// The definition, as far as it reads.
    pub machine: Option<Arc<asl::Machine>>,
}

/// The execution that is looked at.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Which.
    pub arn: Arn,
    /// Its run, as far as it is known.
    pub run: Run,
    /// Whether its history was read at least once.
    pub loaded: bool,
}

/// What the inspector shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The chosen state of the execution that is looked at.
    State,
    /// The chosen order.
    Order,
}

/// What lies over the panes.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// The keys.
    Help {
        /// Lines scrolled.
        scroll: usize,
    },
    /// A new order.
    Submit(Box<SubmitForm>),
    /// A question before something is changed.
    Question(Box<Question>),
}

/// A new order.
#[derive(Clone, Debug)]
pub struct SubmitForm {
    /// The chosen sample.
    pub sample: usize,
    /// Whether keys go to the text.
    pub in_text: bool,
    /// Whether the text is no longer the sample's.
    pub edited: bool,
    /// The order as it will be sent.
    pub text: Editor,
    /// Why it cannot be sent, or was not.
    pub problem: Option<String>,
    /// Whether it is on its way.
    pub sending: Option<u64>,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// What a yes does.
    pub action: Action,
    /// A reason, where one can be given.
    pub reason: Option<Editor>,
    /// Why it did not work.
    pub problem: Option<String>,
    /// Whether it is under way.
    pub sending: Option<u64>,
}

/// What changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Approves the order that waits with this token.
    Approve {
        /// The order.
        order: OrderId,
        /// What answers its task.
        token: String,
    },
    /// Rejects it.
    Reject {
        /// The order.
        order: OrderId,
        /// What answers its task.
        token: String,
    },
    /// Stops an execution.
    Stop {
        /// Which.
        execution: Arn,
    },
}

/// A sentence for the user, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether something went wrong.
    pub is_error: bool,
}

/// Everything that the dashboard knows.
#[derive(Clone, Debug)]
pub struct Model {
    /// What cloud this is.
    pub place: String,
    /// Who we are there.
    pub identity: Option<Identity>,
    /// The machine whose executions are listed.
    pub machine: Arn,
    /// The machine that is drawn: that of the execution that is looked at.
    pub known: Option<Known>,
    /// The time, as of the last message that brought it.
    pub now: Millis,
    /// The zone that times are shown in.
    pub zone: jiff::tz::TimeZone,
    /// Executions, newest first.
    pub executions: Vec<ExecutionSummary>,
    /// Whether they were read at least once.
    pub executions_loaded: bool,
    /// Whether the newest execution is looked at as it comes.
    pub follow_newest: bool,
    /// The execution that is looked at.
    pub watch: Option<Watch>,
    /// The state that is looked at.
    pub state: Option<String>,
    /// Whether the state that runs is looked at as it comes.
    pub follow_state: bool,
    /// One row a state instead of three; `None` leaves it to the room there is.
    pub compact: Option<bool>,
    /// What the inspector shows: what belongs to the list that was focused last.
    pub subject: Subject,
    /// Lines that the inspector is scrolled by.
    pub inspector_scroll: usize,
    /// The most that the inspector could be scrolled by as it was last drawn.
    pub inspector_most: usize,
    /// Orders, newest first.
    pub orders: Vec<OrderRecord>,
    /// Whether they were read at least once.
    pub orders_loaded: bool,
    /// The order that is looked at.
    pub order: Option<OrderId>,
    /// All that is known of it.
    pub order_facts: Option<OrderFacts>,
    /// Log lines, oldest first.
    pub logs: VecDeque<LogLine>,
    /// Their ids.
    pub log_ids: HashSet<String>,
    /// Lines that the logs are scrolled up by; 0 follows.
    pub logs_scroll: usize,
    /// Whether only lines of the execution that is looked at are shown.
    pub logs_of_execution: bool,
    /// The pane that keys go to.
    pub focus: Pane,
    /// Whether that pane has the whole screen.
    pub zoomed: bool,
    /// What lies over the panes.
    pub dialog: Option<Dialog>,
    /// A sentence for the user.
    pub notice: Option<Notice>,
    /// What could not be fetched, by what it was. The rest of the screen goes on.
    pub troubles: Vec<(TaskKey, String)>,
    /// The sample orders.
    pub samples: Vec<Sample>,
    /// The number of the last thing that the user had sent.
    pub last_request: u64,
    /// The keys.
    pub keymap: Keymap,
    /// What the user has set.
    pub settings: Settings,
    /// Whether the program is to end.
    pub quitting: bool,
}

/// The most log lines that are kept.
pub const MAX_LOGS: usize = 20_000;
/// The most executions and orders that are listed.
pub const MAX_LISTED: usize = 200;

impl Model {
    /// A dashboard that knows nothing yet.
    pub fn new(place: String, machine: Arn, samples: Vec<Sample>, now: Millis) -> Self {
        Self {
            place,
            identity: None,
            machine,
            known: None,
            now,
            zone: jiff::tz::TimeZone::UTC,
            executions: Vec::new(),
            executions_loaded: false,
            follow_newest: true,
            watch: None,
            state: None,
            follow_state: true,
            compact: None,
            subject: Subject::State,
            inspector_scroll: 0,
            inspector_most: 0,
            orders: Vec::new(),
            orders_loaded: false,
            order: None,
            order_facts: None,
            logs: VecDeque::new(),
            log_ids: HashSet::new(),
            logs_scroll: 0,
            logs_of_execution: false,
            focus: Pane::Executions,
            zoomed: false,
            dialog: None,
            notice: None,
            troubles: Vec::new(),
            samples,
            last_request: 0,
            keymap: Keymap::default(),
            settings: Settings::default(),
            quitting: false,
        }
    }

    /// The modes in which a key is looked up, the nearest first.
    pub fn modes(&self) -> &'static [Mode] {
        match &self.dialog {
            Some(Dialog::Help { .. }) => &[Mode::Help],
            Some(Dialog::Submit(_)) => &[Mode::Submit],
            Some(Dialog::Question(_)) => &[Mode::Question],
            None => match self.focus {
                Pane::Graph => &[Mode::Graph, Mode::Panes],
                Pane::Logs => &[Mode::Logs, Mode::Panes],
                _ => &[Mode::Panes],
            },
        }
    }

    /// The execution that is looked at, as the list has it.
    pub fn watched(&self) -> Option<&ExecutionSummary> {
        let arn = &self.watch.as_ref()?.arn;
        self.executions.iter().find(|execution| execution.arn == *arn)
    }

    /// Whether something on the screen changes with time alone.
    pub fn is_alive(&self) -> bool {
        self.executions.iter().any(|execution| !execution.status.is_over())
    }

    /// The lines of the log that are shown.
    pub fn shown_logs(&self) -> Vec<&LogLine> {
        let name = self.watch.as_ref().map(|watch| watch.arn.name().to_owned());
        // A function's START, END and REPORT name its request only; the lines between name the execution.
        let requests: HashSet<&str> = match (&name, self.logs_of_execution) {
            (Some(name), true) => self
                .logs
                .iter()
                .filter(|line| line.message.contains(name.as_str()))
                .filter_map(|line| request_of(&line.message))
                .collect(),
            _ => HashSet::new(),
        };
        self.logs
            .iter()
            .filter(|line| match (&name, self.logs_of_execution) {
                (Some(name), true) => {
                    line.message.contains(name.as_str())
                        || request_of(&line.message).is_some_and(|request| requests.contains(request))
                }
                _ => true,
            })
            .collect()
    }

    /// The names of the states, in the definition's order.
    pub fn states(&self) -> Vec<String> {
        let machine = self.known.as_ref().and_then(|known| known.machine.as_ref());
        machine
            .map(|machine| machine.all_states().iter().map(|state| state.name.to_string()).collect())
            .unwrap_or_default()
    }
}

/// The request id that a log line names.
pub fn request_of(message: &str) -> Option<&str> {
    let at = message
        .find("RequestId: ")
        .map(|at| at + "RequestId: ".len())
        .or_else(|| message.find("\"requestId\":\"").map(|at| at + "\"requestId\":\"".len()))?;
    message.get(at..at + 36)
}

/// What can happen.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each answers the Cmd of its name")]
pub enum Msg {
    Key(Key),
    /// The time went on.
    Tick(Millis),
    /// Text was pasted.
    Paste(String),
    /// The process that held the cloud has ended, and the cloud was opened again, or not.
    Reopened(Result<(), String>),
    /// The screen was drawn; so far could the inspector be scrolled.
    Drawn {
        inspector_most: usize,
    },
    /// Something in the cloud has changed, or it is time to look.
    Changed(Millis),
    Identity(Result<Identity, String>),
    Executions(Result<Vec<ExecutionSummary>, String>),
    Machine {
        execution: Option<Arn>,
        result: Result<MachineFacts, String>,
    },
    History {
        execution: Arn,
        result: Result<Vec<HistoryEvent>, String>,
    },
    Orders(Result<Vec<OrderRecord>, String>),
    Order {
        id: OrderId,
        result: Box<Result<Option<OrderFacts>, String>>,
    },
    Logs(Result<Vec<LogLine>, String>),
    Started {
        request: u64,
        result: Result<Arn, String>,
    },
    Acted {
        request: u64,
        action: Action,
        result: Result<(), String>,
    },
}

/// What can be wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says it")]
pub enum Cmd {
    FetchIdentity,
    FetchExecutions,
    FetchMachine { execution: Option<Arn> },
    FetchHistory { execution: Arn, after: i64 },
    FetchOrders,
    FetchOrder { id: OrderId },
    FetchLogs { since: Millis },
    StartExecution { request: u64, name: String, input: String },
    Act { request: u64, action: Action, reason: String },
}

/// What replaces what: of two fetches with one key only the later counts. What the user ordered has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the Cmd of its name")]
pub enum TaskKey {
    Identity,
    Executions,
    Machine,
    History,
    Orders,
    Order,
    Logs,
}

impl Cmd {
    /// Its key.
    pub fn key(&self) -> Option<TaskKey> {
        match self {
            Self::FetchIdentity => Some(TaskKey::Identity),
            Self::FetchExecutions => Some(TaskKey::Executions),
            Self::FetchMachine { .. } => Some(TaskKey::Machine),
            Self::FetchHistory { .. } => Some(TaskKey::History),
            Self::FetchOrders => Some(TaskKey::Orders),
            Self::FetchOrder { .. } => Some(TaskKey::Order),
            Self::FetchLogs { .. } => Some(TaskKey::Logs),
            Self::StartExecution { .. } | Self::Act { .. } => None,
        }
    }
}
