//! An embedded cloud for a test, and waiting for what happens in it.

use std::time::Duration;

use localaws::Place;
use order_core::OrderId;
use orderflow_tui::cloud::Cloud;
use orderflow_tui::facts::{Arn, Execution, OrderFacts};
use orderflow_tui::local::{self, Local, ORDERS_TABLE, Options};
use serde_json::Value;

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) local: Local,
}

impl World {
    /// A cloud in memory. Under a paused clock its timers fire as soon as nothing else is to be done.
    pub(crate) async fn open() -> Self {
        Self::of(Place::Memory).await
    }

    pub(crate) async fn of(options: impl Into<Options>) -> Self {
        let local = Local::open(options).await.unwrap();
        Self { cloud: Cloud::new(&local.config), local }
    }

    /// Submits an order under an id.
    pub(crate) async fn submit(&self, id: &str, order: &Value) -> Arn {
        let mut order = order.clone();
        order["orderId"] = id.into();
        self.cloud.start_execution(&local::machine_arn(), id, &order.to_string()).await.unwrap()
    }

    /// The order, once its execution has ended or somebody has to approve it.
    pub(crate) async fn settled(&self, arn: &Arn) -> (Execution, OrderFacts) {
        self.until(arn, |order| order.record.approval_token.is_some()).await
    }

    /// The order, once its execution has ended.
    pub(crate) async fn ended(&self, arn: &Arn) -> (Execution, OrderFacts) {
        self.until(arn, |_| false).await
    }

    async fn until(&self, arn: &Arn, enough: impl Fn(&OrderFacts) -> bool) -> (Execution, OrderFacts) {
        let id = OrderId::new(arn.name()).unwrap();
        let mut changes = self.local.changes.clone().unwrap();
        loop {
            changes.mark_unchanged();
            let execution = self.cloud.execution(arn).await.unwrap();
            let order = self.cloud.order(ORDERS_TABLE, &id).await.unwrap();
            if let Some(order) = order
                && (execution.summary.status.is_over() || enough(&order))
            {
                return (execution, order);
            }
            tokio::time::timeout(Duration::from_secs(600), changes.changed()).await.unwrap().unwrap();
        }
    }
}

/// The order of a sample.
pub(crate) fn sample(name: &str) -> Value {
    local::samples().unwrap().into_iter().find(|sample| sample.name == name).unwrap().order
}
