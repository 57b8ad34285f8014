//! Filter patterns: terms, and conditions on JSON messages.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

use serde_json::Value;

/// A filter pattern.
#[derive(Debug, PartialEq)]
pub(super) enum Pattern {
    /// All of the first are in the message, one of the second (if there are any), none of the third.
    Terms { all: Vec<String>, any: Vec<String>, none: Vec<String> },
    /// `{ $.level = "ERROR" && $.orderId = ord-1 }`: an `||` of `&&`s.
    Json(Vec<Vec<Condition>>),
}

/// One comparison of a JSON pattern.
#[derive(Debug, PartialEq)]
pub(super) struct Condition {
    path: Vec<String>,
    operator: String,
    operand: String,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.strip_prefix('{') {
            Some(rest) => {
                let inner = rest.strip_suffix('}').ok_or("expected '}' at the end")?;
                let parts = inner.split("||").map(|part| part.split("&&").map(condition).collect());
                parts.collect::<Result<_, _>>().map(Self::Json)
            }
            None => terms(text),
        }
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Terms { all, any, none } => {
                all.iter().all(|term| message.contains(term))
                    && (any.is_empty() || any.iter().any(|term| message.contains(term)))
                    && !none.iter().any(|term| message.contains(term))
            }
            Self::Json(ways) => match serde_json::from_str::<Value>(message) {
                Ok(value) => ways.iter().any(|conditions| conditions.iter().all(|condition| condition.holds(&value))),
                Err(_) => false,
            },
        }
    }
}

fn terms(text: &str) -> Result<Pattern, String> {
    let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let list = match rest.chars().next() {
            Some('?') => &mut any,
            Some('-') => &mut none,
            _ => &mut all,
        };
        let start = rest.strip_prefix(['?', '-']).unwrap_or(rest);
        let (term, end) = match start.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').ok_or("a quote is not closed")?;
                (&quoted[..end], &quoted[end + 1..])
            }
            None => start.split_at(start.find(char::is_whitespace).unwrap_or(start.len())),
        };
        if !term.is_empty() {
            list.push(term.to_owned());
        }
        rest = end.trim_start();
    }
    Ok(Pattern::Terms { all, any, none })
}

fn condition(text: &str) -> Result<Condition, String> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let path = text.strip_prefix("$.").ok_or_else(|| format!("expected '$.' at {text:?}"))?;
    let at = path.find(['=', '!', '<', '>']).ok_or_else(|| format!("expected a comparison in {text:?}"))?;
    let (name, rest) = path.split_at(at);
    let operator = ["!=", "<=", ">=", "=", "<", ">"]
        .into_iter()
        .find(|operator| rest.starts_with(operator))
        .ok_or_else(|| format!("expected a comparison in {text:?}"))?;
    let operand = rest[operator.len()..].trim().trim_matches('"');
    Ok(Condition {
        path: name.trim().split('.').map(ToOwned::to_owned).collect(),
        operator: operator.to_owned(),
        operand: operand.to_owned(),
    })
}

impl Condition {
    fn holds(&self, value: &Value) -> bool {
        let Some(found) = self.path.iter().try_fold(value, |value, name| value.get(name)) else { return false };
        if let (Some(left), Ok(right)) = (found.as_f64(), self.operand.parse::<f64>()) {
            return match self.operator.as_str() {
                "=" => left == right,
                "!=" => left != right,
                "<" => left < right,
                "<=" => left <= right,
                ">" => left > right,
                _ => left >= right,
            };
        }
        let text = found.as_str().map_or_else(|| found.to_string(), ToOwned::to_owned);
        let equal = match self.operand.split_once('*') {
            Some((start, end)) => {
                text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
            }
            None => text == self.operand,
        };
        match self.operator.as_str() {
            "=" => equal,
            "!=" => !equal,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_documented() {
        let json = r#"{"level":"ERROR","n":5,"span":{"orderId":"ord-1"}}"#;
        let cases = [
            ("", "anything", true),
            ("ERROR", "an ERROR here", true),
            ("ERROR", "an error here", false),
            ("\"an ERROR\" -there", "an ERROR here", true),
            ("?a ?b", "only b", true),
            ("{ $.level = \"ERROR\" }", json, true),
            ("{ $.level = ERR* && $.n >= 5 }", json, true),
            ("{ $.n < 5 || $.span.orderId = \"ord-1\" }", json, true),
            ("{ $.level != \"ERROR\" }", json, false),
            ("{ $.level = \"ERROR\" }", "no json", false),
        ];
        for (pattern, message, expected) in cases {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(message), expected, "{pattern}");
        }
        assert!(Pattern::parse("{ level = 1 }").is_err());
    }
}
