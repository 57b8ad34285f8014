//! What must be there before anything is done, and how to get what is not.
//!
//! Everything that is missing is told at once. Changes nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use color_eyre::eyre::WrapErr;
use tokio::process::Command;

use super::sam::{self, OLDEST, Version};
use super::{Stack, TEMPLATE_FILE};
use crate::cli::args::{Architecture, Global};
use crate::cli::output::complain;
use crate::cloud::{self, AwsOptions, Cloud, CloudError, ErrorKind};
use crate::facts::Identity;
use crate::ui::text::clean;

/// Something that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// What, as a sentence.
    what: String,
    /// How to get it.
    get: String,
}

/// An account that can be worked in.
pub(crate) struct Account {
    /// The stack that is meant, there or not.
    pub(crate) stack: Stack,
    /// The account's services.
    pub(crate) cloud: Cloud,
    /// Who we are there.
    pub(crate) identity: Identity,
}

impl Account {
    /// The stack, the account and the region in words.
    pub(crate) fn place(&self) -> String {
        let Stack { name, region, .. } = &self.stack;
        clean(&format!("{name} in {region}, account {}", self.identity.account))
    }
}

/// Tells what is missing, all of it.
pub(crate) fn tell(missing: &[Missing]) {
    let things = if missing.len() == 1 { "this is".to_owned() } else { format!("{} things are", missing.len()) };
    complain(&format!("error: {things} missing:"));
    for Missing { what, get } in missing {
        complain(&clean(&format!("  {what}")));
        complain(&clean(&format!("      {get}")));
    }
}

/// The SAM CLI, new enough.
pub(crate) async fn sam_cli(missing: &mut Vec<Missing>) {
    let program = sam::program();
    let version = sam::version(&program).await;
    missing.extend(lack_of_sam(&program.to_string_lossy(), &version));
}

fn lack_of_sam(program: &str, version: &io::Result<Option<Version>>) -> Option<Missing> {
    let Version(major, minor) = OLDEST;
    match version {
        Ok(Some(version)) if *version >= OLDEST => None,
        Ok(Some(Version(old_major, old_minor))) => Some(Missing {
            what: format!("the SAM CLI is {old_major}.{old_minor}, and {major}.{minor} is the oldest that will do"),
            get: "pip install --upgrade aws-sam-cli".to_owned(),
        }),
        Ok(None) => Some(Missing {
            what: format!("{program} does not say which version of the SAM CLI it is"),
            get: "pip install --upgrade aws-sam-cli".to_owned(),
        }),
        Err(error) => Some(Missing {
            what: format!("the SAM CLI cannot be run as {program}: {error}"),
            get: "pip install aws-sam-cli".to_owned(),
        }),
    }
}

/// What builds the functions: Cargo, cargo-lambda, and the target that they are built for.
pub(crate) async fn cargo_lambda(architecture: Architecture, missing: &mut Vec<Missing>) {
    let lambda = output("cargo", &["lambda", "--version"]).await;
    if let Some(lack) = lack_of_cargo_lambda(&lambda) {
        missing.push(lack);
        return;
    }
    let target = architecture.rust_target();
    let installed = output("rustc", &["--print", "target-libdir", "--target", target]).await;
    let folder = installed.ok().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let is_there = folder.is_none_or(|folder| folder.is_empty() || Path::new(&folder).is_dir());
    // With rustup at hand, cargo-lambda gets the target by itself.
    if !is_there && output("rustup", &["--version"]).await.is_err() {
        missing.push(Missing {
            what: format!("Rust cannot build for {target}"),
            get: format!("install Rust with rustup, then: rustup target add {target}; or use --architecture"),
        });
    }
}

fn lack_of_cargo_lambda(answer: &io::Result<Output>) -> Option<Missing> {
    match answer {
        Ok(output) if output.status.success() => None,
        Ok(_) => Some(Missing {
            what: "cargo-lambda, which builds the functions, is not there".to_owned(),
            get: "pip install cargo-lambda".to_owned(),
        }),
        Err(error) => Some(Missing {
            what: format!("Cargo, which builds the functions, cannot be run: {error}"),
            get: "install Rust from https://rustup.rs, then: pip install cargo-lambda".to_owned(),
        }),
    }
}

async fn output(program: &str, arguments: &[&str]) -> io::Result<Output> {
    Command::new(program).args(arguments).stdin(Stdio::null()).output().await
}

/// The checkout that the current directory is in: the functions are built from their sources.
///
/// # Errors
/// When there is no current directory.
pub(crate) fn checkout(missing: &mut Vec<Missing>) -> color_eyre::Result<Option<PathBuf>> {
    let here = std::env::current_dir().wrap_err("cannot find the current directory")?;
    let found = checkout_above(&here);
    if found.is_none() {
        missing.push(Missing {
            what: format!("neither {} nor a directory above it has {TEMPLATE_FILE} and lambdas/", here.display()),
            get: "run this in a checkout of orderflow-tui: the functions are built from their sources".to_owned(),
        });
    }
    Ok(found)
}

fn checkout_above(directory: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .find(|place| place.join(TEMPLATE_FILE).is_file() && place.join("lambdas").is_dir())
        .map(Path::to_owned)
}

/// The account and the region, with credentials that are good.
pub(crate) async fn account(global: &Global, stack: &str, missing: &mut Vec<Missing>) -> Option<Account> {
    let options = |region: Option<String>| AwsOptions {
        profile: global.profile.clone(),
        region,
        endpoint_url: global.endpoint_url.clone(),
    };
    let mut config = cloud::aws(options(global.region.clone())).await;
    let region = config.region().map(ToString::to_string);
    if region.is_none() {
        missing.push(Missing {
            what: "no region is given".to_owned(),
            get: "add --region, set AWS_REGION, or: aws configure set region <region>".to_owned(),
        });
        // Who we are can be asked anywhere, so that bad credentials are told in the same breath.
        config = cloud::aws(options(Some("us-east-1".to_owned()))).await;
    }
    let cloud = Cloud::new(&config);
    match cloud.identity().await {
        Ok(identity) => {
            let stack = Stack {
                name: stack.to_owned(),
                region: region?,
                profile: global.profile.clone(),
                endpoint_url: global.endpoint_url.clone(),
            };
            Some(Account { stack, cloud, identity })
        }
        Err(error) => {
            missing.push(lack_of_credentials(&error, global.profile.as_deref()));
            None
        }
    }
}

fn lack_of_credentials(error: &CloudError, profile: Option<&str>) -> Missing {
    let profile = profile.map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    match (error.kind, &error.code) {
        (ErrorKind::Credentials, Some(code)) => Missing {
            what: format!("the AWS credentials are no longer good: {code}: {}", error.message),
            get: format!("aws sso login{profile}, or whatever else renews them"),
        },
        (ErrorKind::Credentials, None) => Missing {
            what: "there are no AWS credentials that are good".to_owned(),
            get: format!("aws sso login{profile}, or: aws configure{profile}"),
        },
        _ => Missing { what: error.to_string(), get: format!("try: aws sts get-caller-identity{profile}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sam_must_be_there_and_new_enough() {
        let cases: [(io::Result<Option<Version>>, Option<&str>); 5] = [
            (Ok(Some(Version(1, 166))), None),
            (Ok(Some(Version(2, 0))), None),
            (Ok(Some(Version(1, 99))), Some("pip install --upgrade aws-sam-cli")),
            (Ok(None), Some("pip install --upgrade aws-sam-cli")),
            (Err(io::ErrorKind::NotFound.into()), Some("pip install aws-sam-cli")),
        ];
        for (version, expected) in cases {
            let lack = lack_of_sam("sam", &version);
            assert_eq!(lack.map(|lack| lack.get).as_deref(), expected, "{version:?}");
        }
    }

    #[test]
    fn credentials_are_told_with_what_renews_them() {
        let cases = [
            (
                ErrorKind::Credentials,
                Some("ExpiredToken"),
                "no longer good: ExpiredToken",
                "aws sso login --profile dev",
            ),
            (ErrorKind::Credentials, None, "no AWS credentials", "aws configure --profile dev"),
            (ErrorKind::Unreachable, None, "cannot ask who we are", "get-caller-identity --profile dev"),
        ];
        for (kind, code, what, get) in cases {
            let error = CloudError {
                action: "ask who we are".to_owned(),
                kind,
                code: code.map(ToOwned::to_owned),
                message: "the security token included in the request is expired".to_owned(),
            };
            let lack = lack_of_credentials(&error, Some("dev"));
            assert!(lack.what.contains(what) && lack.get.contains(get), "{lack:?}");
        }
    }

    #[test]
    fn a_checkout_is_found_from_inside_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(checkout_above(&root.join("src/cli")).as_deref(), Some(root));
        assert_eq!(checkout_above(Path::new("/")), None);
    }
}
