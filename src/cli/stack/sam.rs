//! The SAM CLI as typed steps: the only place that runs `sam`.
//!
//! Never asks anybody anything, and never lets SAM ask. `ORDERFLOW_SAM` names another program than the `sam` of the
//! PATH. That a step's work failed is told in what it answers; an error is that it could not be run or understood.

mod process;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::de::DeserializeOwned;
use tokio::process::Command;

use self::process::{Complaints, Heard, listen};
use super::told::{Outcome, Output, Resource, StackEvent, Told};
use super::{Stack, TEMPLATE_FILE};
use crate::cli::args::Architecture;

/// The oldest version that tells what it does as JSON.
pub(crate) const OLDEST: Version = Version(1, 166);

/// Where `sam build` puts its work. It empties this folder first, and writes a file of its own beside it.
const BUILD_DIRECTORY: &str = "target/sam/build";

/// The stack of the bucket that SAM uploads to, shared by all that SAM deploys in a region.
const MANAGED_STACK: &str = "aws-sam-cli-managed-default";

/// A version, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

/// A step that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SamError {
    /// The program does not run.
    #[error("cannot run {program}")]
    Run {
        /// Its name or path.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It ran, and failed.
    #[error("{step} failed: {message}")]
    Failed {
        /// The step, as it is typed.
        step: &'static str,
        /// What SAM says.
        message: String,
    },
}

/// SAM, on one stack.
#[derive(Debug)]
pub(crate) struct Sam {
    program: OsString,
    stack: Stack,
}

/// The program that is run for SAM.
pub(crate) fn program() -> OsString {
    std::env::var_os("ORDERFLOW_SAM").unwrap_or_else(|| "sam".into())
}

/// Its version; `None` when it does not say one.
pub(crate) async fn version(program: &OsStr) -> io::Result<Option<Version>> {
    let mut command = Command::new(program);
    command.arg("--version").env("SAM_CLI_TELEMETRY", "0").stdin(Stdio::null());
    let output = command.output().await?;
    Ok(version_in(&String::from_utf8_lossy(&output.stdout)))
}

/// `SAM CLI, version 1.170.0`
fn version_in(text: &str) -> Option<Version> {
    let mut numbers = text.split("version ").nth(1)?.trim().split('.');
    Some(Version(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

impl Sam {
    /// SAM, on this stack.
    pub(crate) fn on(stack: Stack) -> Self {
        Self { program: program(), stack }
    }

    /// Builds the functions; `tell` hears what SAM says meanwhile.
    pub(crate) async fn build(
        &self,
        checkout: &Path,
        architecture: Architecture,
        tell: impl FnMut(&str),
    ) -> Result<(), SamError> {
        let parameter = parameter(architecture);
        let mut command = self.command(&["build", "--beta-features", "--template-file", TEMPLATE_FILE]);
        command.args(["--build-dir", BUILD_DIRECTORY, "--parameter-overrides", &parameter, "--output", "json"]);
        command.current_dir(checkout);
        let (_, outcome) = self.deployed(command, |_| {}, tell).await?;
        match outcome {
            Outcome::Failed(message) => Err(SamError::Failed { step: "sam build", message }),
            Outcome::Done | Outcome::NoChanges => Ok(()),
        }
    }

    /// Makes the change set that would bring the stack to what was built, and does not carry it out.
    pub(crate) async fn plan(
        &self,
        checkout: &Path,
        architecture: Architecture,
        tell: impl FnMut(&str),
    ) -> Result<(Told, Outcome), SamError> {
        let mut command = self.deploy(checkout, architecture);
        command.arg("--no-execute-changeset");
        self.deployed(command, |_| {}, tell).await
    }

    /// Brings the stack to what was built; `watch` hears its events as they come. SAM cannot carry out a change set by
    /// its name: this makes the planned one anew from the same files.
    pub(crate) async fn carry_out(
        &self,
        checkout: &Path,
        architecture: Architecture,
        watch: impl FnMut(&StackEvent),
    ) -> Result<(Told, Outcome), SamError> {
        let mut command = self.deploy(checkout, architecture);
        command.args(["--on-failure", "ROLLBACK"]);
        self.deployed(command, watch, |_| {}).await
    }

    /// The stack's outputs; `None` when there is no such stack.
    pub(crate) async fn outputs(&self) -> Result<Option<Vec<Output>>, SamError> {
        self.outputs_of(&self.stack.name).await
    }

    /// The bucket that SAM uploads to, if it has one yet.
    pub(crate) async fn bucket(&self) -> Option<String> {
        let outputs = self.outputs_of(MANAGED_STACK).await.ok()??;
        outputs.into_iter().find(|output| output.key == "SourceBucket").map(|output| output.value)
    }

    async fn outputs_of(&self, stack: &str) -> Result<Option<Vec<Output>>, SamError> {
        let command = self.command(&["list", "stack-outputs", "--stack-name", stack, "--output", "json"]);
        self.listed(command, "sam list stack-outputs").await
    }

    /// What CloudFormation made for the stack; `None` when there is no such stack.
    pub(crate) async fn resources(&self) -> Result<Option<Vec<Resource>>, SamError> {
        // SAM wants a template, and adds to the list what stands in it: one with nothing to make is enough, so that
        // no checkout is needed.
        let template = EmptyTemplate::new().map_err(|source| self.cannot_run(source))?;
        let name = self.stack.name.as_str();
        let mut command = self.command(&["list", "resources", "--stack-name", name, "--output", "json"]);
        command.arg("--template-file").arg(&template.0);
        let resources = self.listed::<Resource>(command, "sam list resources").await?;
        let is_made = |resource: &Resource| resource.physical_resource_id.as_deref().is_some_and(|id| id != "-");
        Ok(resources.map(|resources| resources.into_iter().filter(is_made).collect()))
    }

    /// Deletes the stack and what SAM uploaded for it; `tell` hears what SAM says meanwhile. That there is no such
    /// stack is no error.
    pub(crate) async fn delete(&self, mut tell: impl FnMut(&str)) -> Result<(), SamError> {
        let mut command = self.command(&["delete", "--stack-name", &self.stack.name, "--no-prompts"]);
        let mut complaints = Complaints::default();
        let status = listen(&mut command, |heard| {
            let (Heard::Out(line) | Heard::Err(line)) = heard;
            complaints.hear(line);
            tell(line);
        })
        .await
        .map_err(|source| self.cannot_run(source))?;
        if status.success() {
            return Ok(());
        }
        Err(SamError::Failed { step: "sam delete", message: complaints.last(status) })
    }

    fn deploy(&self, checkout: &Path, architecture: Architecture) -> Command {
        let Stack { name, .. } = &self.stack;
        let template = format!("{BUILD_DIRECTORY}/template.yaml");
        let tag = format!("stack={name}");
        let mut command = self.command(&["deploy", "--template-file", &template, "--stack-name", name]);
        command.args(["--resolve-s3", "--s3-prefix", name, "--capabilities", "CAPABILITY_IAM"]);
        command.args(["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--output", "json"]);
        command.args(["--parameter-overrides", &parameter(architecture)]);
        command.args(["--tags", "project=orderflow-tui", &tag]);
        command.current_dir(checkout);
        command
    }

    fn command(&self, words: &[&str]) -> Command {
        let Stack { region, profile, endpoint_url, .. } = &self.stack;
        let mut command = Command::new(&self.program);
        command.args(words).args(["--region", region]);
        if let Some(profile) = profile {
            command.args(["--profile", profile]);
        }
        if let Some(endpoint) = endpoint_url {
            command.env("AWS_ENDPOINT_URL", endpoint);
        }
        command.env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", region).env("NO_COLOR", "1");
        command
    }

    async fn deployed(
        &self,
        mut command: Command,
        mut watch: impl FnMut(&StackEvent),
        mut tell: impl FnMut(&str),
    ) -> Result<(Told, Outcome), SamError> {
        let mut told = Told::default();
        let mut complaints = Complaints::default();
        let status = listen(&mut command, |heard| match heard {
            Heard::Out(line) => {
                if let Some(event) = told.absorb(line) {
                    watch(event);
                }
            }
            Heard::Err(line) => {
                complaints.hear(line);
                tell(line);
            }
        })
        .await
        .map_err(|source| self.cannot_run(source))?;
        let outcome = told.outcome(status.success(), &complaints.last(status));
        Ok((told, outcome))
    }

    async fn listed<T: DeserializeOwned>(
        &self,
        mut command: Command,
        step: &'static str,
    ) -> Result<Option<Vec<T>>, SamError> {
        let mut json = String::new();
        let mut complaints = Complaints::default();
        let status = listen(&mut command, |heard| match heard {
            Heard::Out(line) => {
                json.push_str(line);
                json.push('\n');
            }
            Heard::Err(line) => complaints.hear(line),
        })
        .await
        .map_err(|source| self.cannot_run(source))?;
        if status.success() {
            let read = serde_json::from_str(&json);
            return read.map(Some).map_err(|error| SamError::Failed { step, message: error.to_string() });
        }
        // SAM has no exit codes for these.
        let message = complaints.last(status);
        if message.contains("does not exist on Cloudformation") {
            Ok(None)
        } else if message.contains("Outputs do not exist") {
            Ok(Some(Vec::new()))
        } else {
            Err(SamError::Failed { step, message })
        }
    }

    fn cannot_run(&self, source: io::Error) -> SamError {
        SamError::Run { program: self.program.to_string_lossy().into_owned(), source }
    }
}

fn parameter(architecture: Architecture) -> String {
    format!("Architecture={}", architecture.as_str())
}

/// A template file that makes nothing, for as long as it is held.
struct EmptyTemplate(PathBuf);

impl EmptyTemplate {
    fn new() -> io::Result<Self> {
        let name = format!("orderflow-tui-{}.yaml", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        let mut file = std::fs::File::create_new(&path)?;
        let template = Self(path);
        io::Write::write_all(
            &mut file,
            b"Resources:\n  Nothing:\n    Type: AWS::CloudFormation::WaitConditionHandle\n",
        )?;
        Ok(template)
    }
}

impl Drop for EmptyTemplate {
    fn drop(&mut self) {
        // A file of a few bytes in the temporary directory is not worth an error.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_sam_prints_them() {
        for (text, expected) in [
            ("SAM CLI, version 1.170.0\n", Some(Version(1, 170))),
            ("SAM CLI, version 2.0.1\n", Some(Version(2, 0))),
            ("sam 1.170.0", None),
            ("SAM CLI, version x", None),
            ("", None),
        ] {
            assert_eq!(version_in(text), expected, "{text:?}");
        }
        assert!(Version(1, 170) >= OLDEST && Version(2, 0) >= OLDEST && Version(1, 99) < OLDEST);
    }
}
