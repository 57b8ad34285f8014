//! The bootstrap of process-payment on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    order_lambda::run(process_payment::handler).await
}
