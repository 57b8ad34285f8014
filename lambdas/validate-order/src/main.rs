//! The bootstrap of validate-order on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    order_lambda::run(validate_order::handler).await
}
