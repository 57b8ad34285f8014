//! Everything that the services share.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use dynoxide::Database;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::backlog::Backlog;
use crate::clock::Clock;
use crate::driver::{self, DriverHandle};
use crate::functions::Functions;
use crate::lambda::processes::Processes;
use crate::mocks::Mocks;
use crate::store::{Place, Store, StoreError};

/// The account of everything here.
pub const ACCOUNT: &str = "000000000000";
/// The region of everything here.
pub const REGION: &str = "us-east-1";

/// What a world is made of.
pub struct WorldOptions {
    /// Where it keeps what it knows.
    pub place: Place,
    /// What runs its functions. Gets the world's router first, to reach its tables.
    pub functions: Arc<dyn Functions>,
    /// How many seconds pass here in one second outside.
    pub time_scale: f64,
    /// Answers that stand in for services that are not here, in the format of Step Functions Local.
    pub mocks: Option<Mocks>,
}

/// A world that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Our own store.
    #[error("cannot open the store: {0}")]
    Store(#[from] StoreError),
    /// The DynamoDB engine's.
    #[error("cannot open the tables: {0}")]
    DynamoDb(String),
}

/// A state machine as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MachineRecord {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) role_arn: String,
    pub(crate) express: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: Option<String>,
    pub(crate) logging: Option<serde_json::Value>,
    pub(crate) tracing: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) tags: Vec<serde_json::Value>,
    /// Versions, the oldest first.
    #[serde(default)]
    pub(crate) versions: Vec<Version>,
    /// The number of the last version ever made: numbers are not used twice.
    #[serde(default)]
    pub(crate) last_version: u64,
    #[serde(default)]
    pub(crate) aliases: Vec<Alias>,
    /// Made with `publish`: part of what makes two requests to create a machine the same.
    #[serde(default)]
    pub(crate) published_at_creation: bool,
}

/// A version of a state machine: what it was when it was published.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) definition: String,
    pub(crate) role_arn: String,
    pub(crate) revision: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) logging: Option<serde_json::Value>,
    pub(crate) tracing: Option<serde_json::Value>,
    pub(crate) created_at: i64,
}

/// An alias: a name for one version, or for two by weight.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// ARNs of versions with their weights, which sum to 100.
    pub(crate) routing: Vec<(String, u64)>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// An activity as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ActivityRecord {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) created_at: i64,
    pub(crate) tags: Vec<serde_json::Value>,
}

/// A state machine with its definition read.
#[derive(Debug)]
pub(crate) struct KnownMachine {
    pub(crate) record: MachineRecord,
    pub(crate) machine: Arc<asl::Machine>,
    pub(crate) definition: Arc<str>,
}

impl KnownMachine {
    pub(crate) fn new(record: MachineRecord, machine: Arc<asl::Machine>) -> Self {
        Self { definition: Arc::from(record.definition.as_str()), record, machine }
    }
}

/// The embedded cloud. Clones share it.
#[derive(Clone)]
pub struct World(Arc<Inner>);

/// What a [`World`] shares; nothing of it is for other crates.
pub struct Inner {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) dynamodb: Database,
    pub(crate) functions: Arc<dyn Functions>,
    pub(crate) mocks: Option<Mocks>,
    pub(crate) machines: RwLock<BTreeMap<String, Arc<KnownMachine>>>,
    pub(crate) activities: RwLock<BTreeMap<String, ActivityRecord>>,
    /// Held while a machine's record, or an activity, is changed: read, change and write are one.
    pub(crate) changing: tokio::sync::Mutex<()>,
    pub(crate) processes: Processes,
    pub(crate) driver: DriverHandle,
    pub(crate) backlog: Backlog,
    /// Rings when an execution or the logs have changed.
    pub(crate) bell: watch::Sender<u64>,
    /// The log stream of each function: one a process, as a sandbox has one.
    pub(crate) stream: String,
}

impl std::ops::Deref for World {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl World {
    /// Opens the store and goes on with what was running. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the store or the tables cannot be opened, or a running execution cannot be read back.
    pub fn open(options: WorldOptions) -> Result<Self, OpenError> {
        let store = Store::open(&options.place)?;
        let dynamodb = match &options.place {
            Place::Memory => Database::memory(),
            Place::Directory(path) => Database::new(&crate::store::dynamodb_file(path).to_string_lossy()),
        }
        .map_err(|error| OpenError::DynamoDb(error.to_string()))?;
        // Sets `synchronous = NORMAL`, as our own store has it: the engine itself would sync each write to the disk.
        dynamodb.disable_bulk_loading().map_err(|error| OpenError::DynamoDb(error.to_string()))?;
        let clock = Clock::new(options.time_scale);
        let (driver, queue) = driver::channel();
        let world = Self(Arc::new(Inner {
            clock,
            machines: RwLock::new(load_machines(&store)?),
            activities: RwLock::new(load_activities(&store)?),
            changing: tokio::sync::Mutex::default(),
            processes: Processes::load(&store, &options.place)?,
            mocks: options.mocks,
            store,
            dynamodb,
            functions: options.functions,
            driver,
            backlog: Backlog::default(),
            bell: watch::Sender::new(0),
            stream: format!("[$LATEST]{}", uuid::Uuid::new_v4().simple()),
        }));
        crate::memory::watch();
        driver::start(world.clone(), queue)?;
        Ok(world)
    }

    /// Rings whenever an execution or the logs have changed. What changed is asked over the wire, as ever.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Waits until the logs and metrics of all that has happened are written: before the process ends of its own accord,
    /// and before somebody reads them. Executions and tables are written when they are answered.
    pub async fn settle(&self) {
        self.settle_driver(true, None).await;
        let _ = self.store.settle().await;
    }

    /// Waits until the histories of executions that go on are written: before somebody reads one. For the one of an
    /// execution that is being read back, until it is.
    pub(crate) async fn settle_histories(&self, read_back: Option<String>) {
        self.settle_driver(false, read_back).await;
    }

    async fn settle_driver(&self, with_metrics: bool, read_back: Option<String>) {
        let (reply, settled) = tokio::sync::oneshot::channel();
        self.driver.tell(driver::Message::Settle { with_metrics, read_back, reply });
        // Without a driver there is nothing to wait for; a store that fails has told so in the log.
        let _ = settled.await;
    }

    /// Ends the processes of functions that wait for work, and removes what a world in memory has unpacked. To be called
    /// last: a world, its functions and the clients that they reach it with hold each other, and are never dropped.
    pub fn end(&self) {
        self.processes.end();
    }

    pub(crate) fn ring(&self) {
        self.bell.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn has_activity(&self, arn: &str) -> bool {
        self.activities.read().unwrap_or_else(std::sync::PoisonError::into_inner).contains_key(arn)
    }

    pub(crate) fn machine(&self, arn: &str) -> Option<Arc<KnownMachine>> {
        self.machines.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(arn).cloned()
    }
}

fn load_machines(store: &Store) -> Result<BTreeMap<String, Arc<KnownMachine>>, StoreError> {
    let records: Vec<String> = store.read_now(|connection| {
        connection.prepare("SELECT record FROM machines")?.query_map([], |row| row.get(0))?.collect()
    })?;
    let mut machines = BTreeMap::new();
    for text in records {
        let record: MachineRecord = serde_json::from_str(&text)
            .map_err(|error| StoreError::Write(format!("a state machine's record: {error}")))?;
        match asl::read(&record.definition).0 {
            Some(machine) => {
                machines.insert(record.arn.clone(), Arc::new(KnownMachine::new(record, Arc::new(machine))));
            }
            None => tracing::error!(machine = record.arn, "the stored definition cannot be read"),
        }
    }
    Ok(machines)
}

fn load_activities(store: &Store) -> Result<BTreeMap<String, ActivityRecord>, StoreError> {
    let records: Vec<String> = store.read_now(|connection| {
        connection.prepare("SELECT record FROM activities")?.query_map([], |row| row.get(0))?.collect()
    })?;
    let records = records.iter().map(|text| {
        let record: ActivityRecord =
            serde_json::from_str(text).map_err(|error| StoreError::Write(format!("an activity's record: {error}")))?;
        Ok((record.arn.clone(), record))
    });
    records.collect()
}
