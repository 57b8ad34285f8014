//! What a Task may call: which integrations there are, and in which kinds of workflow.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>

use super::{Fields, Reader, Workflow, services};
use crate::finding::Code;
use crate::machine::{Pattern, QueryLanguage, Resource};

/// The optimised integrations: service, actions; `*` marks those that can be run as jobs (`.sync`), `@` those that a
/// token can be given to (`.waitForTaskToken`).
const OPTIMISED: [(&str, &[&str]); 22] = [
    ("apigateway", &["invoke@"]),
    ("athena", &["startQueryExecution*", "stopQueryExecution", "getQueryExecution", "getQueryResults"]),
    ("batch", &["submitJob*"]),
    ("bedrock", &["invokeModel", "createModelCustomizationJob*", "invokeModelWithResponseStream"]),
    (
        "codebuild",
        &[
            "startBuild*",
            "stopBuild",
            "batchDeleteBuilds",
            "batchGetReports",
            "startBuildBatch*",
            "stopBuildBatch",
            "retryBuildBatch*",
            "deleteBuildBatch",
        ],
    ),
    ("databrew", &["startJobRun*"]),
    ("dynamodb", &["getItem", "putItem", "updateItem", "deleteItem"]),
    ("ecs", &["runTask*@"]),
    (
        "eks",
        &[
            "createCluster*",
            "deleteCluster*",
            "createFargateProfile*",
            "deleteFargateProfile*",
            "createNodegroup*",
            "deleteNodegroup*",
            "runJob*",
            "call",
        ],
    ),
    (
        "elasticmapreduce",
        &[
            "createCluster*",
            "terminateCluster*",
            "addStep*",
            "cancelStep",
            "setClusterTerminationProtection",
            "modifyInstanceFleetByName",
            "modifyInstanceGroupByName",
        ],
    ),
    ("emr-containers", &["createVirtualCluster", "deleteVirtualCluster*", "startJobRun*"]),
    (
        "emr-serverless",
        &[
            "createApplication*",
            "startApplication*",
            "stopApplication*",
            "deleteApplication*",
            "startJobRun*",
            "cancelJobRun*",
        ],
    ),
    ("events", &["putEvents@"]),
    ("glue", &["startJobRun*"]),
    ("http", &["invoke"]),
    ("lambda", &["invoke@"]),
    ("mediaconvert", &["createJob*"]),
    ("redshift-data", &["executeStatement*", "batchExecuteStatement*"]),
    (
        "sagemaker",
        &[
            "createEndpoint",
            "createEndpointConfig",
            "createHyperParameterTuningJob*",
            "createLabelingJob*",
            "createModel",
            "createProcessingJob*",
            "createTrainingJob*",
            "createTransformJob*",
            "updateEndpoint",
        ],
    ),
    ("sns", &["publish@"]),
    ("sqs", &["sendMessage@"]),
    ("states", &["startExecution*@"]),
];

/// The most characters of a label.
const MAX_LABEL: usize = 40;

impl Reader {
    pub(super) fn check_resource(
        &mut self,
        resource: &Resource,
        fields: &Fields,
        language: QueryLanguage,
        place: &str,
    ) {
        let at = format!("{place}/Resource");
        let express = self.workflow == Workflow::Express;
        match resource {
            Resource::Integration { arn, service, action, pattern } => {
                if !is_known(service, action, *pattern) {
                    self.schema(unrecognized(arn), &at);
                    return;
                }
                match pattern {
                    Pattern::WaitForTaskToken if express => {
                        // The blank at the end is AWS's.
                        self.schema(
                            "Express state machine does not support '.waitForTaskToken' service integration ",
                            &at,
                        );
                    }
                    Pattern::Sync | Pattern::Sync2 if express => {
                        self.schema("Express state machine does not support '.sync' service integration", &at);
                    }
                    _ => {}
                }
                let field = arguments_of(language);
                self.check_parameters((service, action), fields, language, place);
                if !service.starts_with("aws-sdk:") && !fields.contains_key(field) {
                    self.schema(format!("{field} field is required for resource ARN: {arn}"), place);
                }
            }
            Resource::Activity { .. } => {
                if express {
                    self.schema("Express state machine does not support Activity ARN", &at);
                }
                if fields.contains_key("Credentials") {
                    self.schema("The field 'Credentials' is not supported for activities", place);
                }
            }
            // A placeholder is filled in when the definition is deployed.
            Resource::Other(text) if text.starts_with("arn:aws:states:::") && !text.contains("${") => {
                self.schema(unrecognized(text), &at);
            }
            Resource::Other(text) if !text.starts_with("arn:") && !text.contains("${") => {
                self.schema("Value is not a valid resource ARN", &at);
            }
            Resource::Function { .. } | Resource::Other(_) => {}
        }
    }

    pub(super) fn check_label(&mut self, label: &str, place: &str) {
        let at = format!("{place}/Label");
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
        let problem = if label.is_empty() {
            Some("Label cannot be empty".to_owned())
        } else if label.chars().count() > MAX_LABEL {
            Some(format!("Label cannot exceed {MAX_LABEL} characters"))
        } else {
            label.chars().find(|c| forbidden(*c)).map(|c| format!("Label contains invalid character: {}", quoted(c)))
        };
        if let Some(problem) = problem {
            self.put(Code::InvalidLabelName, problem, Some(at));
        } else if !self.labels.insert(label.to_owned()) {
            self.put(Code::DuplicateLabelName, format!("Duplicate Label name: {label}"), Some(at));
        }
    }
}

/// The field that a Task's arguments are in.
pub(super) fn arguments_of(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    }
}

fn unrecognized(arn: &str) -> String {
    format!(
        "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
    )
}

fn is_known(service: &str, action: &str, pattern: Pattern) -> bool {
    if let Some(service) = service.strip_prefix("aws-sdk:") {
        // Services and actions are written as the SDK for Java has them: the actions in camel case.
        let is_name = |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase());
        let plain = |name: &str| is_name(name) && name.chars().all(|c| c.is_ascii_alphanumeric());
        return plain(action)
            && services::has(service, action)
            && matches!(pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken);
    }
    let Some((_, actions)) = OPTIMISED.iter().find(|(known, _)| *known == service) else { return false };
    actions.iter().any(|entry| {
        entry.trim_end_matches(['*', '@']) == action
            && match pattern {
                Pattern::RequestResponse => true,
                Pattern::Sync => entry.contains('*'),
                Pattern::Sync2 => entry.contains('*') && service == "states",
                Pattern::WaitForTaskToken => entry.contains('@'),
            }
    })
}

/// A character as AWS's message shows it.
fn quoted(c: char) -> String {
    match c {
        '\n' => "'\\n'".to_owned(),
        '\t' => "'\\t'".to_owned(),
        '\r' => "'\\r'".to_owned(),
        '\\' => "'\\\\'".to_owned(),
        c if c.is_control() || c == '\u{a0}' => format!("'\\x{:02x}'", u32::from(c)),
        c if c.is_whitespace() && c != ' ' => format!("'\\u{:04x}'", u32::from(c)),
        c => format!("'{c}'"),
    }
}
