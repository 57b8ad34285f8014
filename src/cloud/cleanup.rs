//! What is left of a stack, and deleting what outlives it.

use super::{Cloud, CloudError, ErrorKind};
use crate::facts::Arn;

impl Cloud {
    /// Those of the log groups that are there.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn existing_log_groups(&self, names: &[String]) -> Result<Vec<String>, CloudError> {
        let mut existing = Vec::new();
        for name in names {
            // The API knows prefixes only: other groups may begin with the same name.
            if self.log_groups(name).await?.contains(name) {
                existing.push(name.clone());
            }
        }
        Ok(existing)
    }

    /// Deletes a log group with all that is in it. That it is not there is no error.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn delete_log_group(&self, name: &str) -> Result<(), CloudError> {
        let deleted = self.logs.delete_log_group().log_group_name(name).send().await;
        match deleted.map_err(|error| CloudError::of(format!("delete the log group {name}"), &error)) {
            Err(error) if error.kind != ErrorKind::Missing => Err(error),
            _ => Ok(()),
        }
    }

    /// Those of the tables that are there.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn existing_tables(&self, names: &[String]) -> Result<Vec<String>, CloudError> {
        let mut pages = self.dynamodb.list_tables().into_paginator().send();
        let mut existing = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CloudError::of("list the tables", &error))?;
            existing.extend(page.table_names.unwrap_or_default().into_iter().filter(|name| names.contains(name)));
        }
        Ok(existing)
    }

    /// Whether there is such a state machine. One that is being deleted is there until its executions have ended.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn has_machine(&self, arn: &Arn) -> Result<bool, CloudError> {
        match self.machine(arn).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::Missing => Ok(false),
            Err(error) => Err(error),
        }
    }
}
