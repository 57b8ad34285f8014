//! Executions: starting, stopping, describing, listing.

use super::convert::{millis, status};
use super::{Cloud, CloudError};
use crate::facts::{Arn, Execution, ExecutionStatus, ExecutionSummary};

impl Cloud {
    /// Starts an execution.
    ///
    /// # Errors
    /// What the cloud answered; [`super::ErrorKind::Exists`] when the name is taken.
    pub async fn start_execution(&self, machine: &Arn, name: &str, input: &str) -> Result<Arn, CloudError> {
        let answer = self
            .sfn
            .start_execution()
            .state_machine_arn(&machine.0)
            .name(name)
            .input(input)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("start execution {name}"), &error))?;
        Ok(Arn(answer.execution_arn))
    }

    /// Stops an execution.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn stop_execution(&self, execution: &Arn, cause: &str) -> Result<(), CloudError> {
        self.sfn
            .stop_execution()
            .execution_arn(&execution.0)
            .error("StoppedByUser")
            .cause(cause)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("stop execution {}", execution.name()), &error))?;
        Ok(())
    }

    /// An execution.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn execution(&self, execution: &Arn) -> Result<Execution, CloudError> {
        let answer = self
            .sfn
            .describe_execution()
            .execution_arn(&execution.0)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("describe execution {}", execution.name()), &error))?;
        Ok(Execution {
            summary: ExecutionSummary {
                name: answer.name.unwrap_or_else(|| execution.name().to_owned()),
                arn: Arn(answer.execution_arn),
                status: status(&answer.status),
                started_at: millis(&answer.start_date),
                stopped_at: answer.stop_date.as_ref().map(millis),
                through: answer.state_machine_alias_arn.or(answer.state_machine_version_arn).map(Arn),
            },
            machine: Arn(answer.state_machine_arn),
            input: answer.input,
            output: answer.output,
            error: answer.error,
            cause: answer.cause,
        })
    }

    /// The newest executions of a machine, of one of its versions or aliases, or of a distributed Map's run, newest first.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn executions(
        &self,
        machine: &Arn,
        filter: Option<ExecutionStatus>,
        most: usize,
    ) -> Result<Vec<ExecutionSummary>, CloudError> {
        let request = self.sfn.list_executions().set_status_filter(filter.map(|status| status.as_str().into()));
        // The executions of a distributed Map's run are listed by it.
        let request =
            if machine.is_map_run() { request.map_run_arn(&machine.0) } else { request.state_machine_arn(&machine.0) };
        let mut pages = request.into_paginator().page_size(i32::try_from(most.min(1000)).unwrap_or(1000)).send();
        let mut executions = Vec::new();
        while executions.len() < most
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(|error| CloudError::of("list the executions", &error))?;
            executions.extend(page.executions.into_iter().map(|item| ExecutionSummary {
                arn: Arn(item.execution_arn),
                name: item.name,
                status: status(&item.status),
                started_at: millis(&item.start_date),
                stopped_at: item.stop_date.as_ref().map(millis),
                through: item.state_machine_alias_arn.or(item.state_machine_version_arn).map(Arn),
            }));
        }
        executions.truncate(most);
        Ok(executions)
    }
}
