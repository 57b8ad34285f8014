//! The embedded cloud: Step Functions, DynamoDB, Lambda, CloudWatch Logs and metrics, and STS, as one [`axum::Router`].
//!
//! [`World::open`] opens the store and goes on with what was running; [`router`] serves it; [`connector`] lets AWS SDK
//! clients call the router without a socket, and [`serve`] puts it on one.
//!
//! Knows AWS's wire and nothing of orders, of the AWS SDK's clients, or of a terminal. DynamoDB is `dynoxide`; the
//! language and the execution are `asl` and `asl-engine`; what happens between them and the wire is here.

mod backlog;
mod clock;
pub mod connector;
mod driver;
mod dynamodb;
pub mod functions;
mod integrate;
mod lambda;
mod logs;
mod memory;
mod metrics;
pub mod mocks;
pub mod serve;
mod sfn;
mod store;
mod sts;
mod wire;
mod world;

pub use store::{Place, StoreError};
pub use wire::router;
pub use world::{ACCOUNT, OpenError, REGION, World, WorldOptions};
