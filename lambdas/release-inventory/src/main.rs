//! The bootstrap of release-inventory on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    order_lambda::run(release_inventory::handler).await
}
