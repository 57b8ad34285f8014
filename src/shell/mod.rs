//! Doing.

use order_core::Sample;
use tokio::sync::watch;

use crate::cloud::Cloud;
use crate::facts::Arn;

pub struct Session {
    pub cloud: Cloud,
    pub machine: Arn,
    pub table: String,
    pub place: String,
    pub changes: Option<watch::Receiver<u64>>,
    pub samples: Vec<Sample>,
    pub held: Option<Box<dyn Send>>,
}

pub async fn run(_session: Session) -> color_eyre::Result<()> { Ok(()) }
