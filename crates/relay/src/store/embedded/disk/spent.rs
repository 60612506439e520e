//! What was spent, by the day until which it is remembered.

use fjall::{Guard, Keyspace, UserKey};
use sealpost_wire::time::Day;

use super::open::rows;
use super::{Disk, Fault};

const SPENT: &str = "spent";

impl Disk {
    /// Its keyspace, made when something is spent first: where there are no tickets there is none.
    pub(super) fn spent(&self) -> Result<Keyspace, Fault> {
        Ok(self.database.keyspace(SPENT, rows)?)
    }

    /// Its keyspace, if anything was ever spent.
    pub(super) fn spent_if_any(&self) -> Option<Keyspace> {
        self.database.keyspace_exists(SPENT).then(|| self.spent().ok()).flatten()
    }

    /// Up to `most` keys of what was spent and whose last day is before `today`.
    pub(in super::super) fn past_spent(&self, today: Day, most: usize) -> Result<Vec<UserKey>, Fault> {
        let spent = self.spent()?;
        let past = spent.range::<Vec<u8>, _>(..today.0.to_be_bytes().to_vec());
        past.take(most).map(|row: Guard| Ok(row.key()?)).collect()
    }
}
