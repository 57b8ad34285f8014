//! The bootstrap of update-order-status on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    order_lambda::run(update_order_status::handler).await
}
