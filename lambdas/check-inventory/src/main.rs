//! The bootstrap of check-inventory on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    order_lambda::run(check_inventory::handler).await
}
