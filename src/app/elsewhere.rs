//! Other places of AWS to look at: profiles and regions.
//!
//! Says what there is to choose from; whoever connects is the shell.

use super::clip::Reach;
use crate::facts::Arn;

/// What can be gone to, and what is to be there again afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The profiles of the AWS CLI's files, by name.
    pub profiles: Vec<String>,
    /// The regions whose state machines are listed together, as configured.
    pub regions: Vec<String>,
    /// Whether the user wants nothing changed, wherever.
    pub is_read_only: bool,
}

/// A place that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What it is called in the header.
    pub place: String,
    /// How it was reached.
    pub reach: Reach,
    /// The state machine that is looked at there.
    pub machine: Arn,
    /// Whether it was asked for; else the user is asked for another one.
    pub is_meant: bool,
}

impl Elsewhere {
    /// The regions to choose from: the configured ones first.
    pub fn all_regions(&self) -> impl Iterator<Item = &str> {
        let own = self.regions.iter().map(String::as_str);
        own.chain(REGIONS.iter().copied().filter(|region| !self.regions.iter().any(|own| own == region)))
    }
}

/// Where AWS has Step Functions. <https://docs.aws.amazon.com/general/latest/gr/step-functions.html>
const REGIONS: &[&str] = &[
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-east-1",
    "us-gov-west-1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_regions_come_first_and_none_comes_twice() {
        let elsewhere = Elsewhere { regions: vec!["eu-west-1".into(), "xx-test-1".into()], ..Elsewhere::default() };
        let all: Vec<&str> = elsewhere.all_regions().collect();
        assert_eq!(all[..3], ["eu-west-1", "xx-test-1", "us-east-1"]);
        assert_eq!(all.iter().filter(|region| **region == "eu-west-1").count(), 1);
    }
}
