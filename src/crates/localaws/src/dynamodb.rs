//! DynamoDB: hands each operation to `dynoxide`; what may take long, off the async threads.

use axum::response::Response;
use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;

use crate::wire::{self, WireError};
use crate::world::{REGION, World};

/// A refusal of DynamoDB, as it stands on the wire.
pub(crate) struct Refused {
    status: u16,
    body: String,
}

impl Refused {
    fn field(&self, names: [&str; 2]) -> String {
        let value: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        names.into_iter().find_map(|name| value.get(name)?.as_str()).unwrap_or_default().to_owned()
    }

    /// `ValidationException`.
    pub(crate) fn code(&self) -> &'static str {
        let code = self.field(["__type", "code"]);
        let code = code.rsplit('#').next().unwrap_or_default();
        // The names that states can meet; all others are told as what they have in common.
        [
            "ValidationException",
            "ResourceNotFoundException",
            "ConditionalCheckFailedException",
            "TransactionCanceledException",
            "ResourceInUseException",
            "ItemCollectionSizeLimitExceededException",
            "SerializationException",
        ]
        .into_iter()
        .find(|known| *known == code)
        .unwrap_or("DynamoDbException")
    }

    pub(crate) fn message(&self) -> String {
        self.field(["message", "Message"])
    }
}

/// Answers a request.
pub(crate) async fn handle(world: &World, operation: &str, body: String) -> Response {
    if !is_known(operation) {
        return WireError::unknown_operation().into_json_response();
    }
    let (status, body) = match call(world, operation, body).await {
        Ok(body) => (200, body),
        Err(refused) => (refused.status, refused.body),
    };
    let checksum = crc32fast::hash(body.as_bytes()).to_string();
    let mut response = wire::respond(status, wire::JSON, body);
    if let Ok(checksum) = checksum.parse() {
        response.headers_mut().insert("x-amz-crc32", checksum);
    }
    response
}

/// Calls an operation with its request as JSON.
pub(crate) async fn call(world: &World, operation: &str, body: String) -> Result<String, Refused> {
    let run = |database: &Database, operation: &str, body: &str| {
        dispatch(database, operation, body).map_err(|error| {
            let error = resolved(operation, error);
            Refused { status: error.status_code(), body: error.to_json() }
        })
    };
    // One item is a matter of microseconds, less than another thread takes to wake up.
    if matches!(operation, "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem") {
        return run(&world.dynamodb, operation, &body);
    }
    let database = world.dynamodb.clone();
    let operation = operation.to_owned();
    let of_table = matches!(operation.as_str(), "CreateTable" | "DescribeTable" | "UpdateTable" | "DeleteTable");
    let called = tokio::task::spawn_blocking(move || run(&database, &operation, &body)).await;
    // dynoxide has a region of its own in a table's ARNs.
    let arn = |region: &str| format!("arn:aws:dynamodb:{region}:");
    let told = |text: String| if of_table { text.replace(&arn("dynoxide"), &arn(REGION)) } else { text };
    let called = called.map(|answer| answer.map(told));
    called.unwrap_or_else(|error| {
        let error = DynoxideError::InternalServerError(error.to_string());
        Err(Refused { status: error.status_code(), body: error.to_json() })
    })
}

/// Some validations are told in an envelope by the operations that write one item, and bare by all others.
fn resolved(operation: &str, error: DynoxideError) -> DynoxideError {
    match error {
        DynoxideError::EnvelopedValidation(message) => {
            let envelope = if matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem") {
                "1 validation error detected: "
            } else {
                ""
            };
            DynoxideError::ValidationException(format!("{envelope}{message}"))
        }
        other => other,
    }
}

macro_rules! operations {
    ($($name:literal => $method:ident),* $(,)?) => {
        fn is_known(operation: &str) -> bool {
            matches!(operation, $($name)|*)
        }

        fn dispatch(database: &Database, operation: &str, body: &str) -> Result<String, DynoxideError> {
            match operation {
                $($name => written(&database.$method(read(body)?)?),)*
                _ => Err(DynoxideError::SerializationException("UnknownOperationException".into())),
            }
        }
    };
}

operations! {
    "CreateTable" => create_table,
    "DeleteTable" => delete_table,
    "DescribeTable" => describe_table,
    "ListTables" => list_tables,
    "UpdateTable" => update_table,
    "PutItem" => put_item,
    "GetItem" => get_item,
    "DeleteItem" => delete_item,
    "UpdateItem" => update_item,
    "Query" => query,
    "Scan" => scan,
    "BatchGetItem" => batch_get_item,
    "BatchWriteItem" => batch_write_item,
    "TransactWriteItems" => transact_write_items,
    "TransactGetItems" => transact_get_items,
    "UpdateTimeToLive" => update_time_to_live,
    "DescribeTimeToLive" => describe_time_to_live,
    "ExecuteStatement" => execute_statement,
    "ExecuteTransaction" => execute_transaction,
    "BatchExecuteStatement" => batch_execute_statement,
    "TagResource" => tag_resource,
    "UntagResource" => untag_resource,
    "ListTagsOfResource" => list_tags_of_resource,
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| {
        // dynoxide tells refusals of its own through serde's messages.
        let text = error.to_string();
        // Where in the request's text is of no use to whoever never saw it.
        let text = text.split(" at line ").next().unwrap_or(&text);
        match ["VALIDATION:", "VALIDATION_REQUEST:"].iter().find_map(|prefix| text.strip_prefix(prefix)) {
            Some(message) => DynoxideError::ValidationException(message.to_owned()),
            None => DynoxideError::SerializationException(text.to_owned()),
        }
    })
}

fn written<T: serde::Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
