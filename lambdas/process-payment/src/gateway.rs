//! The simulated payment gateway: the token decides what it answers, so that each ending can be shown at will.

use std::time::Duration;

use order_core::{OrderError, PaymentToken};
use order_lambda::Fault;

/// How long the slow gateway takes: longer than the state that waits for it.
const SLOW: Duration = Duration::from_secs(8);

/// Asks for the amount. `attempt` counts from 0; the flaky gateway goes by it.
///
/// # Errors
/// `PaymentDeclined`, `PaymentGatewayUnavailable`, `UnexpectedGatewayAnswer`, or the end of the process.
pub(crate) async fn charge(token: &PaymentToken, attempt: u32) -> Result<(), Fault> {
    let token = token.as_str();
    if let Some(failures) = token.strip_prefix("tok_flaky_").and_then(|count| count.parse::<u32>().ok()) {
        if attempt < failures {
            let sentence = format!("connection reset (try {} of {})", attempt + 1, failures + 1);
            return Err(OrderError::PaymentGatewayUnavailable(sentence).into());
        }
        return Ok(());
    }
    match token {
        "tok_approved" => Ok(()),
        "tok_declined" => Err(OrderError::PaymentDeclined("insufficient funds".into()).into()),
        "tok_slow" => {
            tokio::time::sleep(SLOW).await;
            Ok(())
        }
        "tok_crash" => Err(Fault::Exit { status: 1 }),
        "tok_strange" => Err(OrderError::UnexpectedGatewayAnswer("418 I'm a teapot".into()).into()),
        _ => Err(OrderError::PaymentDeclined("the gateway does not know this token".into()).into()),
    }
}

/// Gives a charge back, by the reference that names it; asking twice gives it back once.
pub(crate) fn refund(reference: &str) {
    tracing::info!(reference, "the gateway gave the charge back");
}
