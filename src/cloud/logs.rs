//! Logs of functions.

use super::{Cloud, CloudError};
use crate::facts::{LogLine, Millis};

impl Cloud {
    /// The log groups whose names begin with `prefix`.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn log_groups(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        let mut pages = self.logs.describe_log_groups().log_group_name_prefix(prefix).into_paginator().send();
        let mut groups = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CloudError::of("list the log groups", &error))?;
            groups.extend(page.log_groups.unwrap_or_default().into_iter().filter_map(|group| group.log_group_name));
        }
        Ok(groups)
    }

    /// The lines of a group from `since` on that match the pattern, oldest first, at most about `most`.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn log_lines(
        &self,
        group: &str,
        since: Millis,
        pattern: Option<&str>,
        most: usize,
    ) -> Result<Vec<LogLine>, CloudError> {
        let mut pages = self
            .logs
            .filter_log_events()
            .log_group_name(group)
            .start_time(since.max(0))
            .set_filter_pattern(pattern.map(ToOwned::to_owned))
            .into_paginator()
            .send();
        let mut lines = Vec::new();
        while lines.len() < most
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(|error| CloudError::of(format!("read the log group {group}"), &error))?;
            lines.extend(page.events.unwrap_or_default().into_iter().map(|event| LogLine {
                id: event.event_id.unwrap_or_default(),
                group: group.to_owned(),
                stream: event.log_stream_name.unwrap_or_default(),
                at: event.timestamp.unwrap_or_default(),
                message: event.message.unwrap_or_default(),
            }));
        }
        Ok(lines)
    }
}
