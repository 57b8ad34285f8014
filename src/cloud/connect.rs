//! Where the clients connect to.

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sfn::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// What the command line says of the account.
#[derive(Clone, Debug, Default)]
pub struct AwsOptions {
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// A region.
    pub region: Option<String>,
    /// Another endpoint than AWS's.
    pub endpoint_url: Option<String>,
}

/// AWS, or what answers at the endpoint. Credentials, region and profile as the AWS CLI finds them.
pub async fn aws(options: AwsOptions) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(profile) = options.profile {
        // The SDK would prefer what the environment has; the AWS CLI, and whoever names a profile, means the profile.
        let credentials = ProfileFileCredentialsProvider::builder().profile_name(&profile).build();
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    if let Some(region) = options.region {
        loader = loader.region(Region::new(region));
    }
    if let Some(endpoint) = options.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    loader.load().await
}

/// A cloud that `http` reaches without a network: no profile, no metadata service, no retry of what cannot be lost.
pub fn in_process(http: SharedHttpClient, endpoint: &str, region: &str) -> SdkConfig {
    let credentials = Credentials::new("embedded", "embedded", None, None, "embedded");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(TimeoutConfig::builder().read_timeout(std::time::Duration::from_secs(60)).build())
        .http_client(http)
        .build()
}
