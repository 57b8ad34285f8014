//! CBOR of Smithy's RPC protocol to JSON and back. Timestamps are tagged floats on the wire and seconds in JSON.
//!
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

use bytes::Bytes;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

/// The tag of a time: seconds since 1970 (RFC 8949).
const EPOCH: u64 = 1;

pub(super) fn to_json(bytes: &Bytes) -> Result<Value, String> {
    let cbor: Cbor = ciborium::from_reader(bytes.as_ref()).map_err(|error| error.to_string())?;
    value(&cbor).ok_or_else(|| "the request has a value that JSON does not have".to_owned())
}

fn value(cbor: &Cbor) -> Option<Value> {
    Some(match cbor {
        Cbor::Null => Value::Null,
        Cbor::Bool(truth) => Value::Bool(*truth),
        Cbor::Text(text) => Value::String(text.clone()),
        Cbor::Integer(integer) => Value::from(i64::try_from(*integer).ok()?),
        Cbor::Float(float) => Value::Number(Number::from_f64(*float)?),
        Cbor::Tag(_, inner) => value(inner)?,
        Cbor::Array(values) => Value::Array(values.iter().map(value).collect::<Option<_>>()?),
        Cbor::Map(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| Some((name.as_text()?.to_owned(), value(field)?)))
                .collect::<Option<Map<_, _>>>()?,
        ),
        _ => return None,
    })
}

pub(super) fn from_json(value: &Value) -> Bytes {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = ciborium::into_writer(&cbor(value, ""), &mut bytes);
    Bytes::from(bytes)
}

fn cbor(value: &Value, field: &str) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Number(number) if field == "Timestamps" => {
            Cbor::Tag(EPOCH, Box::new(Cbor::Float(number.as_f64().unwrap_or_default())))
        }
        Value::Number(number) => match number.as_i64() {
            // Values are doubles in the model.
            Some(integer) if field != "Values" => Cbor::Integer(integer.into()),
            _ => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::Array(values) => Cbor::Array(values.iter().map(|value| cbor(value, field)).collect()),
        Value::Object(fields) => {
            Cbor::Map(fields.iter().map(|(name, value)| (Cbor::Text(name.clone()), cbor(value, name))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let document = json!({"a": [1, "x", true, null], "Values": [2.0], "Timestamps": [3.0]});
        assert_eq!(to_json(&from_json(&document)), Ok(document));
        assert!(to_json(&Bytes::from_static(b"\xff\x00")).is_err());
    }
}
