//! The door to AWS: the only place that names its SDK. Everything goes in and comes out as `facts`.
//!
//! AWS, a compatible endpoint and the embedded cloud differ in the [`SdkConfig`] alone; nothing here knows which it is.
//! An optional field of an answer is an option here; unknown kinds of things become `Other`.

mod callbacks;
mod cleanup;
mod connect;
mod convert;
mod error;
mod executions;
mod express;
mod history;
mod logs;
mod machines;
mod orders;
mod stock;

use aws_config::SdkConfig;

pub use connect::{AwsOptions, aws, in_process};
pub use error::{CloudError, ErrorKind};

/// The clients.
#[derive(Clone, Debug)]
pub struct Cloud {
    sfn: aws_sdk_sfn::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    sts: aws_sdk_sts::Client,
}

impl Cloud {
    /// Clients that use the configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            sfn: aws_sdk_sfn::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
        }
    }

    /// Who we are.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn identity(&self) -> Result<crate::facts::Identity, CloudError> {
        let answer =
            self.sts.get_caller_identity().send().await.map_err(|error| CloudError::of("ask who we are", &error))?;
        Ok(crate::facts::Identity { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    }
}
