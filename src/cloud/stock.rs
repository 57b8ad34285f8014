//! Filling an inventory that somebody else may have filled already.

use order_core::StockItem;
use order_store::to_sdk;

use super::{Cloud, CloudError};

impl Cloud {
    /// Puts an SKU on stock, unless the table has it already; whether it did.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn put_new_stock(&self, table: &str, item: &StockItem) -> Result<bool, CloudError> {
        let put = self
            .dynamodb
            .put_item()
            .table_name(table)
            .set_item(Some(to_sdk(item.to_item())))
            .condition_expression("attribute_not_exists(sku)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(CloudError::of(format!("stock {}", item.sku), &error)),
        }
    }
}
