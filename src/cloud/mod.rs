//! The door to AWS: the only place that names its SDK. Everything goes in and comes out as `facts`.
//!
//! AWS, a compatible endpoint and the embedded cloud differ in the [`SdkConfig`] alone; nothing here knows which it is.
//! An optional field of an answer is an option here; unknown kinds of things become `Other`.

mod actions;
mod callbacks;
mod calls;
mod cleanup;
mod connect;
mod convert;
mod error;
mod executions;
mod express;
mod history;
mod logs;
mod machines;
mod metrics;
mod orders;
mod profiles;
mod stock;
mod tail;
mod test_state;

use std::sync::Arc;

use aws_config::SdkConfig;

pub use connect::{AwsOptions, aws, in_process};
pub use error::{CloudError, ErrorKind};
pub use profiles::profiles;
pub use tail::LiveTail;

/// The clients.
#[derive(Clone, Debug)]
pub struct Cloud {
    sfn: aws_sdk_sfn::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    sts: aws_sdk_sts::Client,
    calls: calls::Calls,
    config: Arc<SdkConfig>,
}

impl Cloud {
    /// Clients that use the configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self::counting(config, calls::Calls::default())
    }

    /// The region that is asked.
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref)
    }

    /// The same account in another region; what is called there is counted together with this.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        let region = aws_config::Region::new(region.to_owned());
        Self::counting(&self.config.to_builder().region(region).build(), self.calls.clone())
    }

    fn counting(config: &SdkConfig, calls: calls::Calls) -> Self {
        // Each client counts what it calls: nothing that calls can forget it.
        macro_rules! counting {
            ($service:ident) => {
                $service::Client::from_conf($service::config::Builder::from(config).interceptor(calls.clone()).build())
            };
        }
        Self {
            sfn: counting!(aws_sdk_sfn),
            dynamodb: counting!(aws_sdk_dynamodb),
            logs: counting!(aws_sdk_cloudwatchlogs),
            cloudwatch: counting!(aws_sdk_cloudwatch),
            sts: counting!(aws_sdk_sts),
            calls,
            config: Arc::new(config.clone()),
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
