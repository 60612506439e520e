//! What was spent.

use futures_util::future::try_join_all;

use super::answer::{Fault, integers};
use super::call::Call;
use super::context::Context;
use super::keys::Tag;
use super::mailboxes::{at, in_order};
use super::scripts::SCRIPTS;
use crate::store::{Spend, Spent};

impl Context {
    pub(super) async fn spend(&self, spends: Vec<Spend>) -> Result<Vec<Spent>, Fault> {
        let tags: Vec<Tag> = spends.iter().map(|spend| self.keys.of(&spend.id)).collect();
        let divided = self.link.divide(&tags);
        let spent = divided.iter().map(|places| self.spend_some(at(&spends, places), at(&tags, places)));
        in_order(&divided, try_join_all(spent).await?).into_iter().map(spent_of).collect()
    }

    async fn spend_some(&self, spends: Vec<&Spend>, tags: Vec<&Tag>) -> Result<Vec<i64>, Fault> {
        let Some(call) = Call::about(&SCRIPTS.spend, &tags) else { return Ok(Vec::new()) };
        let call =
            spends.into_iter().fold(call, |call, spend| call.with(&spend.id).with(spend.until.0).with(&spend.request));
        integers(self.change(call).await?)
    }
}

const fn spent_of(answer: i64) -> Result<Spent, Fault> {
    match answer {
        0 => Ok(Spent::Now),
        1 => Ok(Spent::Before),
        2 => Ok(Spent::ByAnother),
        _ => Err(Fault::Odd),
    }
}
