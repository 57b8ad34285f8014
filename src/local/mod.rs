//! The embedded world: the local cloud with our functions, tables, stock and state machine in it.
//!
//! One process opens the data directory; every other one attaches to it through its socket. Both speak to it through
//! the same SDK clients, so nothing else in the program knows which of the two it is.

mod functions;
mod samples;

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use color_eyre::eyre::WrapErr;
use localaws::connector::{ENDPOINT, InProcess, Socket};
use localaws::mocks::Mocks;
use localaws::{ACCOUNT, Place, REGION, World, WorldOptions};
use order_core::StockItem;
use order_store::Tables;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cloud::{self, Cloud};
pub use functions::is_in_function;
pub use samples::{catalogue, samples};

/// The orders table here and, by default, on AWS.
pub const ORDERS_TABLE: &str = "orders";
/// The inventory table.
pub const INVENTORY_TABLE: &str = "inventory";
/// The state machine's name.
pub const MACHINE: &str = "order-workflow";

/// The definition that is deployed, run here, and drawn; function names are placeholders in it.
pub const DEFINITION: &str = include_str!("../../statemachine/order-workflow.asl.json");

/// The embedded cloud, opened or attached to.
pub struct Local {
    /// How SDK clients reach it.
    pub config: SdkConfig,
    /// Rings when something has changed.
    pub changes: Option<watch::Receiver<u64>>,
    /// The cloud itself and its router, in the process that holds it.
    held: Option<(World, axum::Router)>,
    stop: CancellationToken,
    /// Held for as long as the cloud is open; the system gives it up with the process.
    _lock: Option<File>,
}

/// Where data is kept when nobody says otherwise: `$XDG_DATA_HOME/orderflow-tui`.
///
/// # Errors
/// When the home directory cannot be found.
pub fn default_directory() -> color_eyre::Result<PathBuf> {
    use etcetera::BaseStrategy;
    let dirs = etcetera::choose_base_strategy().wrap_err("cannot find the home directory: give --data-dir")?;
    Ok(dirs.data_dir().join("orderflow-tui"))
}

/// How the embedded cloud differs from what it is by default.
#[derive(Debug)]
pub struct Options {
    /// Where it keeps its data.
    pub place: Place,
    /// How many seconds pass in it in one second.
    pub time_scale: f64,
    /// Answers that stand in for services that it does not have.
    pub mocks: Option<Mocks>,
}

impl From<Place> for Options {
    fn from(place: Place) -> Self {
        Self { place, time_scale: 1.0, mocks: None }
    }
}

impl Local {
    /// Opens the cloud, or attaches to the process that has it open.
    ///
    /// # Errors
    /// When the directory, the store or the socket cannot be used.
    pub async fn open(options: impl Into<Options>) -> color_eyre::Result<Self> {
        let options = options.into();
        let Place::Directory(directory) = &options.place else { return Self::host(options, None).await };
        let directory = &directory.clone();
        // Only this user may look into it: orders have names and addresses.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .wrap_err_with(|| format!("cannot make {}", directory.display()))?;
        let path = directory.join("lock");
        let lock = File::create(&path).wrap_err_with(|| format!("cannot open {}", path.display()))?;
        let mut tries = 0;
        loop {
            match lock.try_lock() {
                Ok(()) => return Self::host(options, Some(lock)).await,
                Err(std::fs::TryLockError::Error(error)) => {
                    return Err(error).wrap_err_with(|| format!("cannot lock {}", path.display()));
                }
                Err(std::fs::TryLockError::WouldBlock) => {}
            }
            // The process that has the lock may be on its way up, or down: then the lock is soon ours.
            match Self::attach(directory).await {
                Ok(local) => return Ok(local),
                Err(error) if tries >= 30 => {
                    return Err(error).wrap_err_with(|| {
                        format!("another orderflow-tui has {} open but does not answer", directory.display())
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
            tries += 1;
        }
    }

    async fn host(options: Options, lock: Option<File>) -> color_eyre::Result<Self> {
        let Options { place, time_scale, mocks } = options;
        let functions = Arc::new(functions::Handlers::default());
        let handlers: Arc<dyn localaws::functions::Functions> = functions.clone();
        let world = World::open(WorldOptions { place: place.clone(), functions: handlers, time_scale, mocks })?;
        let router = localaws::router(world.clone());
        let config = in_process(SharedHttpClient::new(InProcess::new(router.clone())));
        seed(&Cloud::new(&config)).await?;
        functions.begin(Tables {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            orders: ORDERS_TABLE.to_owned(),
            inventory: INVENTORY_TABLE.to_owned(),
        });
        let stop = CancellationToken::new();
        if let Place::Directory(directory) = &place {
            let (router, socket, stop) = (router.clone(), socket_of(directory), stop.clone());
            tokio::spawn(async move {
                if let Err(error) = localaws::serve::unix(router, &socket, stop).await {
                    tracing::error!(%error, socket = %socket.display(), "other processes cannot attach");
                }
            });
        }
        Ok(Self { config, changes: Some(world.changes()), held: Some((world, router)), stop, _lock: lock })
    }

    async fn attach(directory: &Path) -> color_eyre::Result<Self> {
        let socket = socket_of(directory);
        let config = in_process(SharedHttpClient::new(Socket::new(socket.clone())));
        Cloud::new(&config).identity().await?;
        let (bell, changes) = watch::channel(0);
        let stop = CancellationToken::new();
        let listener = Socket::new(socket);
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            // Once nobody answers any more, the bell is dropped and the dashboard goes on by polling.
            let mut known = 0;
            while let Ok(count) = listener.changes(known).await {
                known = count;
                bell.send_replace(count);
            }
        }));
        Ok(Self { config, changes: Some(changes), held: None, stop, _lock: None })
    }

    /// The router to serve, if this process holds the cloud.
    pub fn router(&self) -> Option<axum::Router> {
        self.held.as_ref().map(|(_, router)| router.clone())
    }

    /// Waits until the logs and metrics of what has happened are written; to be done before the process ends.
    pub fn settle(&self) -> impl Future<Output = ()> + use<> {
        let world = self.held.as_ref().map(|(world, _)| world.clone());
        async move {
            if let Some(world) = world {
                world.settle().await;
            }
        }
    }

    /// Whether the cloud lives in this process and ends with it.
    pub fn is_host(&self) -> bool {
        self.held.is_some()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some((world, _)) = &self.held {
            world.end();
        }
    }
}

fn in_process(http: SharedHttpClient) -> SdkConfig {
    cloud::in_process(http, ENDPOINT, REGION)
}

/// The socket of a data directory. Socket paths are short by nature (108 bytes), so one in a deep directory lives in
/// the temporary directory under a name made from its path.
fn socket_of(directory: &Path) -> PathBuf {
    let own = directory.join("socket");
    if own.as_os_str().len() < 100 {
        return own;
    }
    let mut hasher = DefaultHasher::new();
    directory.hash(&mut hasher);
    std::env::temp_dir().join(format!("orderflow-tui-{:016x}.socket", hasher.finish()))
}

/// The ARN of the state machine in the embedded cloud.
pub fn machine_arn() -> crate::facts::Arn {
    crate::facts::Arn(format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{MACHINE}"))
}

/// The definition with the functions' names in it.
pub fn definition() -> String {
    functions::NAMES
        .iter()
        .fold(DEFINITION.to_owned(), |text, (placeholder, name)| text.replace(&format!("${{{placeholder}}}"), name))
}

/// Makes what is not there yet: tables, stock and the state machine.
async fn seed(cloud: &Cloud) -> color_eyre::Result<()> {
    let tables = cloud.tables().await?;
    if !tables.iter().any(|table| table == ORDERS_TABLE) {
        cloud.create_orders_table(ORDERS_TABLE).await?;
    }
    if !tables.iter().any(|table| table == INVENTORY_TABLE) {
        let stock: Vec<StockItem> = catalogue()?;
        cloud.create_inventory_table(INVENTORY_TABLE, &stock).await?;
    }
    cloud.put_machine(MACHINE, &definition(), &format!("arn:aws:iam::{ACCOUNT}:role/{MACHINE}")).await?;
    Ok(())
}
