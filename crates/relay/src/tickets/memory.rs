//! Where it is remembered what was spent.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use sealpost_wire::time::Day;

use crate::store::{Spend, Spent, Store, Unavailable};

/// Remembers what was spent, as promise 21 of [`Store`] says.
pub trait Memory: Send + Sync {
    /// Spends; one answer for each, in their order, and durable.
    fn spend(&self, spends: Vec<Spend>) -> BoxFuture<'static, Result<Vec<Spent>, Unavailable>>;

    /// Erases what is remembered no more.
    fn forget(&self, today: Day) -> BoxFuture<'static, ()>;
}

impl Memory for Arc<dyn Store> {
    fn spend(&self, spends: Vec<Spend>) -> BoxFuture<'static, Result<Vec<Spent>, Unavailable>> {
        Store::spend(&**self, spends)
    }

    /// The store is swept with the rest of it.
    fn forget(&self, _: Day) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
