//! DynamoDB from a Task: the optimised integration and the SDK's, which tell errors differently.

use asl::Json;
use asl_engine::Failure;
use serde_json::{Value, json};

use crate::world::World;

pub(super) async fn call(world: &World, service: &str, action: &str, parameters: &Value) -> Result<Json, Failure> {
    let operation = super::pascal(action);
    let answer = crate::dynamodb::call(world, &operation, parameters.to_string()).await;
    let request = uuid::Uuid::new_v4().to_string();
    match answer {
        Ok(text) => {
            let mut output: Value = serde_json::from_str(&text).unwrap_or_default();
            if service == "dynamodb"
                && let Some(fields) = output.as_object_mut()
            {
                let others =
                    [("Server", "Server".to_owned()), ("x-amz-crc32", crc32fast::hash(text.as_bytes()).to_string())];
                let metadata = super::sdk_http_metadata(&request, text.len(), crate::wire::JSON, &others);
                fields.insert("SdkHttpMetadata".into(), metadata);
                fields.insert("SdkResponseMetadata".into(), json!({"RequestId": request}));
            }
            if service != "dynamodb" {
                output = super::states::with_instants(&output, "");
            }
            Ok(output.into())
        }
        Err(error) => {
            let code = error.code();
            let message = error.message();
            // What the SDKs have no class of its own for.
            let is_common = matches!(code, "ValidationException" | "SerializationException" | "DynamoDbException");
            // The optimised integration speaks through version 1 of Java's SDK, the other through version 2.
            let (name, cause) = if service == "dynamodb" {
                let name = if is_common { "AmazonDynamoDBException" } else { code };
                (
                    format!("DynamoDB.{name}"),
                    format!(
                        "{message} (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: {code}; Request ID: {request}; Proxy: null)"
                    ),
                )
            } else {
                let name = if is_common { "DynamoDbException" } else { code };
                (
                    format!("DynamoDb.{name}"),
                    format!("{message} (Service: DynamoDb, Status Code: 400, Request ID: {request})"),
                )
            };
            Err(Failure::new(name, cause))
        }
    }
}
