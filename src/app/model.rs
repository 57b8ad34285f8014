//! What the dashboard knows and shows, and what can happen to it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use order_core::{OrderId, Sample};

use super::clip::{Clip, How, Reach};
use super::compare::Comparison;
use super::editor::Editor;
use super::elsewhere::{Elsewhere, Reached};
use super::events::EventTable;
use super::executions::ExecutionsList;
use super::fleet::Fleet;
use super::fleet_view::FleetView;
use super::graph_view::{self, GraphView};
use super::index::Index;
use super::inspector::{self, Inspector};
use super::keymap::{Intent, Key, Keymap, Mode};
use super::logs::LogBuffer;
use super::metrics::Metrics;
use super::mouse::{Hit, Mouse, Pointer};
use super::orders::OrdersList;
use super::palette::Palette;
use super::prompt::Prompt;
use super::query::Query;
use super::run::Run;
use super::settings::{Settings, Shares};
use super::submit::SubmitForm;
use super::tail::Tail;
use super::test_state::TestDialog;
use super::timeline_view::TimelineView;
use super::watch::Watch;
use crate::facts::{
    Arn, CallCount, Execution, ExecutionSummary, HistoryEvent, Identity, LogLine, MachineFacts, Millis, OrderFacts,
    OrdersAsked, OrdersPage, Periods, Series, StateTest,
};

pub use super::cmd::{Cmd, TaskKey};

/// The panes, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a pane's name")]
pub enum Pane {
    Executions,
    Graph,
    Inspector,
    Orders,
    Logs,
    Timeline,
    Events,
    Metrics,
}

impl Pane {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Executions,
        Self::Graph,
        Self::Inspector,
        Self::Orders,
        Self::Logs,
        Self::Timeline,
        Self::Events,
        Self::Metrics,
    ];

    /// Whether it shares the drawer at the bottom with others.
    pub const fn is_drawer(self) -> bool {
        matches!(self, Self::Logs | Self::Timeline | Self::Events | Self::Metrics)
    }

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
            Self::Timeline => "Timeline",
            Self::Events => "Events",
            Self::Metrics => "Metrics",
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

/// What the inspector shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The chosen state of the execution that is looked at.
    State,
    /// The chosen order.
    Order,
    /// Two executions beside each other.
    Compare,
    /// All executions, counted.
    Fleet,
}

/// Two executions beside each other.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The left one, with its run once that was read.
    pub left: (ExecutionSummary, Option<Run>),
    /// The right one.
    pub right: (ExecutionSummary, Option<Run>),
    /// What differs, once both were read.
    pub comparison: Option<Comparison>,
}

/// What lies over the panes.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// The keys.
    Help {
        /// Lines scrolled.
        scroll: usize,
    },
    /// Every action and place by name.
    Palette(Box<Palette>),
    /// What can be copied.
    Copy(Box<Clip>),
    /// The test of a state.
    Test(Box<TestDialog>),
    /// How often the cloud was called.
    Calls {
        /// Lines scrolled.
        scroll: usize,
    },
    /// A new order.
    Submit(Box<SubmitForm>),
    /// A question before something is changed.
    Question(Box<Question>),
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
    /// Has tasks that wait for somebody succeed.
    Approve {
        /// Which.
        waiting: Vec<Waiting>,
    },
    /// Has them fail.
    Reject {
        /// Which.
        waiting: Vec<Waiting>,
    },
    /// Stops executions.
    Stop {
        /// Which.
        executions: Vec<Arn>,
    },
    /// Has executions that failed go on where they failed.
    Redrive {
        /// Which.
        executions: Vec<Arn>,
    },
}

/// A task that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What waits: an order, or a state of an execution.
    pub name: String,
    /// Whether it is an order.
    pub is_order: bool,
    /// What answers the task.
    pub token: String,
}

/// What one can go back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another pane was looked at before, and that in the inspector, from which something led here.
    Pane(Pane, Subject),
    /// Something was searched for in a pane.
    Search(Pane),
    /// A pane fills the screen.
    Zoom,
    /// An earlier moment is looked at.
    Past,
    /// Two executions are beside each other.
    Compare,
    /// All executions are looked at.
    Fleet,
    /// An execution is looked at that the one before has started.
    Child,
    /// Executions are marked.
    Marks,
}

/// A call that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which.
    pub key: TaskKey,
    /// Why, and what to do.
    pub text: String,
    /// Since when.
    pub since: Millis,
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
    /// How the AWS CLI reaches it; `None` where it cannot.
    pub reach: Option<Reach>,
    /// Whether the user has allowed changes in production.
    pub is_unlocked: bool,
    /// Whether saying so once more allows them.
    pub unlocks_next: bool,
    /// What else could be reached.
    pub elsewhere: Elsewhere,
    /// Whether this is AWS itself, which has a console.
    pub is_aws: bool,
    /// Whether an exported execution is shown, without a cloud.
    pub is_replay: bool,
    /// The profile that was named.
    pub profile: Option<String>,
    /// The orders table.
    pub table: String,
    /// Who we are there.
    pub identity: Option<Identity>,
    /// The machine whose executions are listed.
    pub machine: Arn,
    /// All of the account and region, as of the last time that somebody looked for one.
    pub machines: Vec<Arn>,
    /// The machine that is drawn: that of the execution that is looked at.
    pub known: Option<Known>,
    /// The time, as of the last message that brought it.
    pub now: Millis,
    /// The zone that times are shown in.
    pub zone: jiff::tz::TimeZone,
    /// The system's zone.
    pub system_zone: jiff::tz::TimeZone,
    /// Executions, newest first, as the cloud lists them.
    pub executions: Vec<ExecutionSummary>,
    /// Whether they were read at least once.
    pub executions_loaded: bool,
    /// The list of them as it is shown.
    pub list: ExecutionsList,
    /// All that was seen of executions.
    pub index: Index,
    /// Which of them are listed.
    pub query: Query,
    /// The same as it was typed.
    pub query_text: String,
    /// Whether the newest execution is looked at as it comes.
    pub follow_newest: bool,
    /// The executions that led to the one that is looked at, each started by the one before.
    pub ancestors: Vec<Arn>,
    /// The execution that is looked at.
    pub watch: Option<Watch>,
    /// The state that is looked at.
    pub state: Option<String>,
    /// The iteration of the Map around it that is; `None` for all of them.
    pub iteration: Option<usize>,
    /// The visit to it that is; `None` for the one that tells most.
    pub visit: Option<usize>,
    /// Whether the state that runs is looked at as it comes.
    pub follow_state: bool,
    /// How one looks at the graph.
    pub graph: GraphView,
    /// What was searched for in its states' names.
    pub graph_needle: String,
    /// The Maps and Parallels that are drawn without what is inside.
    pub collapsed: BTreeSet<String>,
    /// All executions, while the graph shows them.
    pub fleet: Option<Fleet>,
    /// What is looked at of them.
    pub fleet_view: FleetView,
    /// What one can go back from, the last one last.
    pub steps: Vec<Step>,
    /// What the inspector shows: what belongs to the list that was focused last.
    pub subject: Subject,
    /// The inspector.
    pub inspector: Inspector,
    /// Two executions beside each other.
    pub compared: Option<Compared>,
    /// Lines that the comparison is scrolled by.
    pub compare_scroll: usize,
    /// The most that it could be scrolled by as it was last drawn.
    pub compare_most: usize,
    /// Orders.
    pub orders: OrdersList,
    /// Whether there is a table of them, as far as is known.
    pub has_orders: bool,
    /// The order that is looked at.
    pub order: Option<OrderId>,
    /// All that is known of it.
    pub order_facts: Option<OrderFacts>,
    /// Log lines.
    pub logs: LogBuffer,
    /// The events as a table.
    pub events: EventTable,
    /// The states over time.
    pub timeline: TimelineView,
    /// The Live Tail session, while one runs.
    pub tail: Option<Tail>,
    /// CloudWatch's metrics.
    pub metrics: Metrics,
    /// How often the cloud was called, as of the last look.
    pub calls: Vec<CallCount>,
    /// The pane that keys go to.
    pub focus: Pane,
    /// The pane of the drawer that was focused last.
    pub drawer: Pane,
    /// Whether the focused pane has the whole screen.
    pub zoomed: bool,
    /// What is typed at the bottom of a pane.
    pub prompt: Option<Prompt>,
    /// What lies over the panes.
    pub dialog: Option<Dialog>,
    /// A sentence for the user.
    pub notice: Option<Notice>,
    /// What could not be fetched, by what it was. The rest of the screen goes on.
    pub troubles: Vec<Trouble>,
    /// What is asked less often because the cloud refused it, in words.
    pub slowed: Option<String>,
    /// The mouse.
    pub pointer: Pointer,
    /// Which columns of the footer mean what, as it was last drawn.
    pub footer: Vec<(Range<u16>, Intent)>,
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

/// The most executions and orders that are listed.
pub const MAX_LISTED: usize = 200;
/// The most executions that are listed: as many as `ListExecutions` answers at once.
pub const MAX_EXECUTIONS: usize = 1_000;

impl Model {
    /// A dashboard that knows nothing yet.
    pub fn new(place: String, machine: Arn, samples: Vec<Sample>, now: Millis) -> Self {
        Self {
            place,
            reach: None,
            is_unlocked: false,
            unlocks_next: false,
            elsewhere: Elsewhere::default(),
            is_aws: false,
            is_replay: false,
            profile: None,
            table: String::new(),
            identity: None,
            machine,
            machines: Vec::new(),
            known: None,
            now,
            zone: jiff::tz::TimeZone::UTC,
            system_zone: jiff::tz::TimeZone::UTC,
            executions: Vec::new(),
            executions_loaded: false,
            list: ExecutionsList::default(),
            index: Index::default(),
            query: Query::default(),
            query_text: String::new(),
            follow_newest: true,
            ancestors: Vec::new(),
            watch: None,
            state: None,
            iteration: None,
            visit: None,
            follow_state: true,
            graph: GraphView::default(),
            collapsed: BTreeSet::new(),
            fleet: None,
            fleet_view: FleetView::default(),
            subject: Subject::State,
            inspector: Inspector::default(),
            compared: None,
            compare_scroll: 0,
            compare_most: 0,
            orders: OrdersList::default(),
            steps: Vec::new(),
            graph_needle: String::new(),
            has_orders: true,
            order: None,
            order_facts: None,
            logs: LogBuffer::default(),
            events: EventTable::new(),
            timeline: TimelineView::default(),
            tail: None,
            metrics: Metrics::default(),
            calls: Vec::new(),
            focus: Pane::Executions,
            drawer: Pane::Logs,
            zoomed: false,
            prompt: None,
            dialog: None,
            notice: None,
            troubles: Vec::new(),
            slowed: None,
            pointer: Pointer::default(),
            footer: Vec::new(),
            samples,
            last_request: 0,
            keymap: Keymap::default(),
            settings: Settings::default(),
            quitting: false,
        }
    }

    /// The modes in which a key is looked up, the nearest first.
    pub fn modes(&self) -> Vec<Mode> {
        match &self.dialog {
            Some(Dialog::Help { .. } | Dialog::Calls { .. }) => return vec![Mode::Help],
            Some(Dialog::Submit(_)) => return vec![Mode::Submit],
            Some(Dialog::Question(_)) => return vec![Mode::Question],
            Some(Dialog::Palette(_)) => return vec![Mode::Palette],
            Some(Dialog::Copy(_)) => return vec![Mode::Clip],
            Some(Dialog::Test(_)) => return vec![Mode::TestState],
            None => {}
        }
        if self.prompt.is_some() {
            return vec![Mode::Prompt];
        }
        let mut modes = Vec::new();
        if self.matches().is_some() {
            modes.push(Mode::Searching);
        }
        let is_fleet = self.fleet.is_some() && matches!(self.focus, Pane::Graph | Pane::Inspector);
        if is_fleet && self.subject == Subject::Fleet {
            modes.push(Mode::Fleet);
        }
        modes.extend(match self.focus {
            Pane::Executions => Some(Mode::Executions),
            Pane::Graph => Some(Mode::Graph),
            Pane::Inspector => Some(Mode::Inspector),
            Pane::Logs => Some(Mode::Logs),
            Pane::Timeline => Some(Mode::Timeline),
            Pane::Orders | Pane::Events | Pane::Metrics => None,
        });
        modes.push(Mode::Panes);
        modes
    }

    /// How many places match what was searched for in the focused pane; `None` if nothing was.
    pub fn matches(&self) -> Option<usize> {
        match self.focus {
            Pane::Inspector if !self.inspector.search_text().is_empty() => Some(self.inspector.found()),
            Pane::Logs if !self.logs.view().needle.is_empty() => Some(self.logs.matches()),
            Pane::Events if !self.events.filter().is_empty() => Some(self.events.shown_len()),
            Pane::Graph if !self.graph_needle.is_empty() => Some(self.states_like(&self.graph_needle).len()),
            _ => None,
        }
    }

    /// The execution that is looked at, as the list has it.
    pub fn watched(&self) -> Option<&ExecutionSummary> {
        let watch = self.watch.as_ref()?;
        let described = watch.execution.as_ref().map(|execution| &execution.summary);
        let listed = self.executions.iter().find(|execution| execution.arn == watch.arn);
        listed.or(described).or_else(|| self.index.get(&watch.arn).map(|entry| &entry.summary))
    }

    /// The run that is looked at, at its moment.
    pub fn run(&self) -> Option<&Run> {
        self.watch.as_ref().map(Watch::run)
    }

    /// The time at the moment that is looked at.
    pub fn moment(&self) -> Millis {
        self.past().unwrap_or(self.now)
    }

    /// The same, if it is an earlier one than now.
    pub fn past(&self) -> Option<Millis> {
        let past = self.watch.as_ref().filter(|watch| !watch.live).and_then(Watch::moment);
        past.map(|event| event.at)
    }

    /// Whether something on the screen changes with time alone.
    pub fn is_alive(&self) -> bool {
        self.tail.is_some()
            || self.executions.iter().any(|execution| !execution.status.is_over())
            || self.graph.pulse(self.now).is_some()
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

/// What was in view as the screen was last drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// The rows of the inspector.
    pub inspector: inspector::Drawn,
    /// How far the comparison could be scrolled, in lines.
    pub compare_most: usize,
    /// How far the help could be scrolled, in lines.
    pub help_most: usize,
    /// How many rows the logs had.
    pub logs_rows: Option<usize>,
    /// How many rows the timeline had.
    pub timeline_rows: Option<usize>,
    /// The first row of the executions.
    pub executions_top: Option<usize>,
    /// The first row of the orders.
    pub orders_top: Option<usize>,
    /// Which columns of the footer mean what.
    pub footer: Vec<(Range<u16>, Intent)>,
    /// What of the graph was in view.
    pub graph: Option<graph_view::Drawn>,
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
    /// The screen was drawn.
    Drawn(Drawn),
    /// The mouse did something, at what is there; in the graph, at a state.
    Mouse {
        mouse: Mouse,
        hit: Option<Hit>,
        state: Option<String>,
        now: Millis,
    },
    /// A divider was moved.
    Divided(Shares),
    /// What is asked less often because the cloud refused it.
    Slowed(Option<String>),
    /// How often the cloud was called.
    Calls(Vec<CallCount>),
    /// A sentence for the user.
    Told(String),
    /// The user's own editor has ended.
    Edited(Result<String, String>),
    Copied {
        label: &'static str,
        result: Result<How, String>,
    },
    Written(Result<Vec<String>, String>),
    Opened(Result<(), String>),
    Details {
        execution: Arn,
        result: Box<Result<(Execution, Vec<HistoryEvent>), String>>,
    },
    Compared {
        execution: Arn,
        result: Result<Vec<HistoryEvent>, String>,
    },
    Metrics {
        periods: Periods,
        result: Result<Vec<Series>, String>,
    },
    StateTested {
        request: u64,
        result: Box<Result<StateTest, String>>,
    },
    /// Something in the cloud has changed, or it is time to look.
    Changed(Millis),
    Identity(Result<Identity, String>),
    /// Those that were found, and what could not be asked.
    Machines {
        machines: Vec<Arn>,
        problem: Option<String>,
    },
    Versions(Result<Vec<Arn>, String>),
    MapRun {
        map_run: Arn,
        result: Result<Vec<ExecutionSummary>, String>,
    },
    /// Another place of AWS was reached, or not.
    Connected(Box<Result<Reached, String>>),
    /// There is no table of orders here.
    NoOrders,
    Executions(Result<Vec<ExecutionSummary>, String>),
    Machine {
        execution: Option<Arn>,
        result: Result<MachineFacts, String>,
    },
    History {
        execution: Arn,
        result: Result<Vec<HistoryEvent>, String>,
    },
    Orders {
        asked: OrdersAsked,
        result: Result<OrdersPage, String>,
    },
    Order {
        id: OrderId,
        result: Box<Result<Option<OrderFacts>, String>>,
    },
    Logs(Result<Vec<LogLine>, String>),
    /// A Live Tail session told lines, or has ended.
    Tailed {
        request: u64,
        result: Result<Option<Vec<LogLine>>, String>,
    },
    Started {
        request: u64,
        result: Result<Arn, String>,
    },
    Acted {
        request: u64,
        action: Action,
        /// How many of them were done.
        done: usize,
        result: Result<(), String>,
    },
}
