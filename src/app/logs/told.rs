//! A log line as it is read by a person: what matters first, then the rest.
//!
//! Knows neither widths nor colours, and leaves control characters to whoever draws.

use std::borrow::Cow;

use super::fields::{Fields, unquoted};
use super::read::Entry;
use super::scope::Scope;
use super::view::LogsView;

/// Messages longer than this, in bytes, are told as they were written: nobody reads fields of so much text, and a
/// screen full of them has to be drawn as fast as any other.
const MOST_READ: usize = 16 * 1024;
/// Fields that are told elsewhere, or of no use.
const USUALLY_LEFT_OUT: [&str; 5] = ["timestamp", "level", "message", "span", "target"];

/// A line in parts, each of which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told<'a> {
    /// The order that it is about.
    pub order: Cow<'a, str>,
    /// The message.
    pub text: Cow<'a, str>,
    /// Names and values of fields.
    pub fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Entry {
    /// The line as the view wants it told.
    pub fn told<'a>(&'a self, view: &'a LogsView) -> Told<'a> {
        let message = self.line.message.trim_end();
        let fields = if view.plain || message.len() > MOST_READ { None } else { Fields::of(message) };
        let Some(fields) = fields else {
            return Told { text: Cow::Borrowed(message), ..Told::default() };
        };
        let text = fields.at("message").unwrap_or_default();
        match &view.fields {
            Some(chosen) => {
                let named = chosen.iter().filter_map(|path| Some((Cow::Borrowed(path.as_str()), fields.at(path)?)));
                Told { text, fields: named.collect(), ..Told::default() }
            }
            None => {
                // Among lines of one execution, all are about one order.
                let order = if view.scope == Scope::All { fields.at("span.orderId") } else { None };
                let rest = fields.into_pairs().into_iter();
                let rest = rest.filter(|(name, _)| !USUALLY_LEFT_OUT.contains(&&**name));
                let rest = rest.map(|(name, value)| (name, unquoted(value))).collect();
                Told { order: order.unwrap_or_default(), text, fields: rest }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::LogLine;

    const LINE: &str = r#"{"timestamp":"t","level":"ERROR","message":"declined\nfor good","error":"Declined","try":2,
        "detail":{"code":"x"},"span":{"orderId":"ord-1","name":"invocation"},"target":"pay"}"#;

    fn told(message: &str, view: &LogsView) -> String {
        let line = LogLine { id: "".into(), group: "g".into(), stream: "s".into(), at: 0, message: message.to_owned() };
        let entry = Entry::read(line);
        let told = entry.told(view);
        let fields: Vec<String> = told.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}|{}|{}", told.order, told.text, fields.join(" "))
    }

    #[test]
    fn what_matters_comes_first() {
        let usual = LogsView::default();
        let of_one = LogsView { scope: Scope::Execution("ord-1".into()), ..LogsView::default() };
        let chosen = ["span.name", "none", "detail.code", "level"].map(ToOwned::to_owned).to_vec();
        let chosen = LogsView { fields: Some(chosen), ..LogsView::default() };
        let plain = LogsView { plain: true, ..LogsView::default() };
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(MOST_READ));
        let (as_written, as_long) = (format!("|{LINE}|"), format!("|{long}|"));
        let cases = [
            (LINE, &usual, "ord-1|declined\nfor good|error=Declined try=2 detail={\"code\":\"x\"}"),
            (LINE, &of_one, "|declined\nfor good|error=Declined try=2 detail={\"code\":\"x\"}"),
            (LINE, &chosen, "|declined\nfor good|span.name=invocation detail.code=x level=ERROR"),
            (LINE, &plain, as_written.as_str()),
            ("START RequestId: 1\n", &usual, "|START RequestId: 1|"),
            ("[1]", &usual, "|[1]|"),
            (r#"{"a":1}"#, &usual, "||a=1"),
            (long.as_str(), &usual, as_long.as_str()),
            ("", &usual, "||"),
        ];
        for (message, view, expected) in cases {
            assert_eq!(told(message, view), expected);
        }
    }
}
