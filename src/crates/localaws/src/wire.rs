//! The router: which service a request is for, and how errors stand on the wire.
//!
//! AWS's JSON protocols name service and operation in `X-Amz-Target`; Lambda has paths; CloudWatch's CBOR has both in
//! its path; STS has a form. One address serves them all.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::store::StoreError;
use crate::world::World;
use crate::{dynamodb, lambda, logs, metrics, sfn, sts};

/// The largest request: DynamoDB's 16 MiB.
const MAX_BODY: usize = 16 << 20;

/// The content type of the JSON protocol that Step Functions, DynamoDB and CloudWatch speak.
pub(crate) const JSON: &str = "application/x-amz-json-1.0";

/// An error as AWS tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WireError {
    status: u16,
    code: &'static str,
    message: String,
}

impl WireError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn unknown_operation() -> Self {
        Self::new(400, "UnknownOperationException", "")
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn to_value(&self) -> Value {
        if self.message.is_empty() {
            json!({"__type": self.code})
        } else {
            json!({"__type": self.code, "message": self.message})
        }
    }

    /// As the JSON protocols have it.
    pub(crate) fn into_json_response(self) -> Response {
        let mut response = respond(self.status, JSON, self.to_value().to_string());
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        response
    }

    /// As Lambda's REST protocol has it.
    pub(crate) fn into_rest_response(self) -> Response {
        let body = json!({"Type": "User", "Message": self.message, "message": self.message}).to_string();
        let mut response = respond(self.status, "application/json", body);
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        response
    }
}

impl From<StoreError> for WireError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(500, "InternalServerError", error.to_string())
    }
}

/// Reads a JSON request.
pub(crate) fn read<T: DeserializeOwned>(body: &str) -> Result<T, WireError> {
    let body = if body.is_empty() { "{}" } else { body };
    serde_json::from_str(body).map_err(|error| WireError::new(400, "SerializationException", error.to_string()))
}

/// An answer with the request id that every answer of AWS has.
pub(crate) fn respond(status: u16, content_type: &'static str, body: String) -> Response {
    respond_bytes(status, content_type, Bytes::from(body))
}

pub(crate) fn respond_bytes(status: u16, content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = uuid::Uuid::new_v4().to_string().parse() {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// The router that serves a world. It checks no credentials: whoever reaches it may do everything.
pub fn router(world: World) -> Router {
    Router::new().fallback(handle).with_state(world)
}

/// Where one asks for changes: `?after=N` is answered with the count of changes once it is another than N, or after
/// [`LONG_POLL`]. Not AWS's: it tells another process of ours when to look, and nothing of what there is to see.
pub(crate) const CHANGES: &str = "/_orderflow/changes";
const LONG_POLL: std::time::Duration = std::time::Duration::from_secs(25);

async fn changes(world: &World, query: &str) -> Response {
    let after = query.strip_prefix("after=").and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
    let mut bell = world.changes();
    // A time-out is answered with the count as it stands, like a change.
    let _ = tokio::time::timeout(LONG_POLL, bell.wait_for(|count| *count != after)).await;
    let count = *bell.borrow();
    respond(200, "text/plain", count.to_string())
}

async fn handle(State(world): State<World>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return WireError::new(413, "RequestEntityTooLargeException", "Request size exceeded 16 MiB")
            .into_json_response();
    };
    let path = parts.uri.path();
    if let Some(rest) = path.strip_prefix("/2015-03-31/functions") {
        let query = parts.uri.query().unwrap_or_default();
        return lambda::handle(&world, &parts.method, rest, query, &parts.headers, body).await;
    }
    if let Some(operation) = path.strip_prefix("/service/GraniteServiceVersion20100801/operation/") {
        return metrics::handle_cbor(&world, operation, body).await;
    }
    if path == CHANGES && parts.method == Method::GET {
        return changes(&world, parts.uri.query().unwrap_or_default()).await;
    }
    if path != "/" || parts.method != Method::POST {
        return respond(404, "application/json", json!({"message": "Not Found"}).to_string());
    }
    let Ok(text) = String::from_utf8(body.to_vec()) else {
        return WireError::new(400, "SerializationException", "the request is not UTF-8").into_json_response();
    };
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    match target.and_then(|target| target.split_once('.')) {
        Some(("AWSStepFunctions", operation)) => sfn::handle(&world, operation, &text).await,
        Some(("DynamoDB_20120810", operation)) => dynamodb::handle(&world, operation, text).await,
        Some(("Logs_20140328", operation)) => logs::handle(&world, operation, &text).await,
        Some(("GraniteServiceVersion20100801", operation)) => metrics::handle_json(&world, operation, &text).await,
        Some(_) => WireError::unknown_operation().into_json_response(),
        None if text.contains("Action=") => sts::handle(&text),
        None => WireError::unknown_operation().into_json_response(),
    }
}
