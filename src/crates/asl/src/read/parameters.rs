//! What an optimised integration takes: the fields of the request that it makes, and those that must be there.
//!
//! Only what is written in the definition is looked at: what an expression makes is known when it runs. The services that
//! are not in the table are taken as they are.

use serde_json::Value;

use super::{Fields, Reader};
use crate::machine::QueryLanguage;

/// An integration's request: the fields that must be there, and all others that there are. None of the latter: not known.
struct Takes {
    service: &'static str,
    action: &'static str,
    required: &'static [&'static str],
    others: &'static [&'static str],
}

/// The requests, as the services' own API references have them.
const TAKES: &[Takes] = &[
    Takes {
        service: "lambda",
        action: "invoke",
        required: &["FunctionName"],
        others: &[
            "InvocationType",
            "LogType",
            "ClientContext",
            "DurableExecutionName",
            "Payload",
            "Qualifier",
            "TenantId",
        ],
    },
    Takes {
        service: "states",
        action: "startExecution",
        required: &["StateMachineArn"],
        others: &["Name", "Input", "TraceHeader"],
    },
    Takes {
        service: "dynamodb",
        action: "getItem",
        required: &["TableName", "Key"],
        others: &[
            "AttributesToGet",
            "ConsistentRead",
            "ReturnConsumedCapacity",
            "ProjectionExpression",
            "ExpressionAttributeNames",
        ],
    },
    Takes {
        service: "dynamodb",
        action: "putItem",
        required: &["TableName", "Item"],
        others: &[
            "Expected",
            "ReturnValues",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ConditionalOperator",
            "ConditionExpression",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnValuesOnConditionCheckFailure",
        ],
    },
    Takes {
        service: "dynamodb",
        action: "updateItem",
        required: &["TableName", "Key"],
        others: &[
            "AttributeUpdates",
            "Expected",
            "ConditionalOperator",
            "ReturnValues",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "UpdateExpression",
            "ConditionExpression",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnValuesOnConditionCheckFailure",
        ],
    },
    Takes {
        service: "dynamodb",
        action: "deleteItem",
        required: &["TableName", "Key"],
        others: &[
            "Expected",
            "ConditionalOperator",
            "ReturnValues",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ConditionExpression",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnValuesOnConditionCheckFailure",
        ],
    },
    Takes {
        service: "sqs",
        action: "sendMessage",
        required: &["QueueUrl", "MessageBody"],
        others: &[
            "DelaySeconds",
            "MessageAttributes",
            "MessageSystemAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
        ],
    },
    Takes {
        service: "sns",
        action: "publish",
        required: &["Message"],
        others: &[
            "TopicArn",
            "TargetArn",
            "PhoneNumber",
            "Subject",
            "MessageStructure",
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
        ],
    },
    Takes { service: "events", action: "putEvents", required: &["Entries"], others: &["EndpointId"] },
    Takes { service: "batch", action: "submitJob", required: &["JobDefinition", "JobName", "JobQueue"], others: &[] },
    Takes { service: "ecs", action: "runTask", required: &["TaskDefinition"], others: &[] },
    Takes { service: "glue", action: "startJobRun", required: &["JobName"], others: &[] },
    Takes { service: "athena", action: "startQueryExecution", required: &["QueryString"], others: &[] },
    Takes { service: "codebuild", action: "startBuild", required: &["ProjectName"], others: &[] },
];

impl Reader {
    /// Looks at what is written for an integration.
    pub(super) fn check_parameters(
        &mut self,
        (service, action): (&str, &str),
        fields: &Fields,
        language: QueryLanguage,
        place: &str,
    ) {
        let field = super::resources::arguments_of(language);
        let Some(Value::Object(written)) = fields.get(field) else { return };
        let Some(takes) = TAKES.iter().find(|takes| takes.service == service && takes.action == action) else { return };
        let at = format!("{place}/{field}");
        let name_of = |key: &str| match language {
            QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key).to_owned(),
            QueryLanguage::Jsonata => key.to_owned(),
        };
        let names: Vec<String> = written.keys().map(|key| name_of(key)).collect();
        for required in takes.required {
            if !names.iter().any(|name| name == required) {
                self.schema(format!("The field '{required}' is required but was missing"), &at);
            }
        }
        if takes.others.is_empty() {
            return;
        }
        for name in names {
            if !takes.required.contains(&name.as_str()) && !takes.others.contains(&name.as_str()) {
                self.schema(format!("The field '{name}' is not supported by Step Functions"), &at);
            }
        }
    }
}
