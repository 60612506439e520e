//! What is spent.

use sealpost_wire::time::Day;
use tokio::sync::oneshot;

use super::Clerk;
use crate::store::embedded::disk::Fault;
use crate::store::embedded::rows::{Space, spent_key};
use crate::store::{Spend, Spent};

/// Rows that are erased at a time, before others have their turn.
const ROWS: usize = 4_096;

impl Clerk {
    pub(in super::super) fn spend(
        &mut self,
        spends: &[Spend],
        answer: oneshot::Sender<Vec<Spent>>,
    ) -> Result<(), Fault> {
        if !self.has_room() {
            return Ok(());
        }
        let spent = spends.iter().map(|spend| self.spend_one(spend)).collect::<Result<_, _>>()?;
        self.answer_soon(answer, spent);
        Ok(())
    }

    fn spend_one(&mut self, spend: &Spend) -> Result<Spent, Fault> {
        let key = spent_key(spend);
        Ok(match self.row(Space::Spent, &key, |bytes| <[u8; 16]>::try_from(bytes).ok())? {
            Some(request) if request == spend.request => Spent::Before,
            Some(_) => Spent::ByAnother,
            None => {
                self.pending.put(Space::Spent, &key, spend.request.to_vec());
                Spent::Now
            }
        })
    }

    /// Erases a part of what is remembered no more.
    pub(in super::super) fn forget_spent(&mut self, today: Day, answer: oneshot::Sender<u64>) -> Result<(), Fault> {
        // So that no row is found that is being erased.
        self.settle()?;
        let keys = self.disk(|disk| disk.past_spent(today, ROWS))?;
        keys.iter().for_each(|key| self.pending.remove(Space::Spent, key));
        self.answer_soon(answer, keys.len() as u64);
        Ok(())
    }
}
