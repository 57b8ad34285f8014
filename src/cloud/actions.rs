//! Redriving: an execution that ended badly goes on from where it failed.

use aws_sdk_sfn::types::ExecutionRedriveStatus;

use super::{Cloud, CloudError};
use crate::facts::Arn;

impl Cloud {
    /// Lets an execution that failed, timed out or was aborted go on from the states that did not succeed.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn redrive(&self, execution: &Arn) -> Result<(), CloudError> {
        self.sfn
            .redrive_execution()
            .execution_arn(&execution.0)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("redrive execution {}", execution.name()), &error))?;
        Ok(())
    }

    /// Whether [`Self::redrive`] would be taken now. An execution inside of a Map run is redriven with the run.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn is_redrivable(&self, execution: &Arn) -> Result<bool, CloudError> {
        let answer = self
            .sfn
            .describe_execution()
            .execution_arn(&execution.0)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("describe execution {}", execution.name()), &error))?;
        Ok(answer.redrive_status == Some(ExecutionRedriveStatus::Redrivable))
    }
}
