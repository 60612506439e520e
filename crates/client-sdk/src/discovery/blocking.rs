//! The store, from asynchronous code.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::trouble::Trouble;
use crate::store::{Store, StoreError};

/// Runs work on the store on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Trouble> {
    let store = Arc::clone(store);
    // A panic in there has rolled back; it is reported by its hook, and like a failing store here.
    Ok(spawn_blocking(move || work(&store)).await.unwrap_or(Err(StoreError::Database(0)))?)
}
