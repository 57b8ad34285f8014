//! STS: `GetCallerIdentity`, in the query protocol.

use axum::response::Response;

use crate::wire;
use crate::world::ACCOUNT;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Answers a form-encoded request.
pub(crate) fn handle(body: &str) -> Response {
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default();
    let request = uuid::Uuid::new_v4();
    if action == "GetCallerIdentity" {
        let xml = format!(
            "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::{ACCOUNT}:root</Arn><UserId>{ACCOUNT}</UserId><Account>{ACCOUNT}</Account>\
             </GetCallerIdentityResult><ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>"
        );
        return wire::respond(200, "text/xml", xml);
    }
    let known: String = action.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let xml = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>InvalidAction</Code>\
         <Message>Could not find operation {known} for version 2011-06-15</Message></Error>\
         <RequestId>{request}</RequestId></ErrorResponse>"
    );
    wire::respond(400, "text/xml", xml)
}
