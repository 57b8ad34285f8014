//! Answering tasks that wait for somebody.

use super::{Cloud, CloudError};

impl Cloud {
    /// Tells a waiting task that it is done.
    ///
    /// # Errors
    /// What the cloud answered; [`super::ErrorKind::Missing`] when nobody waits any more.
    pub async fn task_success(&self, token: &str, output: &str) -> Result<(), CloudError> {
        self.sfn
            .send_task_success()
            .task_token(token)
            .output(output)
            .send()
            .await
            .map_err(|error| CloudError::of("answer the waiting task", &error))?;
        Ok(())
    }

    /// Tells a waiting task that it failed.
    ///
    /// # Errors
    /// As of [`Self::task_success`].
    pub async fn task_failure(&self, token: &str, error: &str, cause: &str) -> Result<(), CloudError> {
        self.sfn
            .send_task_failure()
            .task_token(token)
            .error(error)
            .cause(cause)
            .send()
            .await
            .map_err(|error| CloudError::of("answer the waiting task", &error))?;
        Ok(())
    }
}
