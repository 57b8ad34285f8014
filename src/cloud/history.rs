//! Histories. The API cannot start after an event: new ones are read backwards until a known one comes.

use super::convert;
use super::{Cloud, CloudError};
use crate::facts::{Arn, HistoryEvent};

/// Events a call (the API's maximum).
const PAGE: i32 = 1000;

impl Cloud {
    /// The events after `known`, oldest first.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn history_after(&self, execution: &Arn, known: i64) -> Result<Vec<HistoryEvent>, CloudError> {
        let backwards = known > 0;
        let mut pages = self
            .sfn
            .get_execution_history()
            .execution_arn(&execution.0)
            .reverse_order(backwards)
            // A running execution has a few new events at a time.
            .max_results(if backwards { 100 } else { PAGE })
            .into_paginator()
            .send();
        let mut events = Vec::new();
        'pages: while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| CloudError::of(format!("read the history of {}", execution.name()), &error))?;
            for event in page.events {
                if backwards && event.id <= known {
                    break 'pages;
                }
                events.push(convert::history::event(event));
            }
        }
        if backwards {
            events.reverse();
        }
        Ok(events)
    }
}
