//! What was spent of tickets at a key service: logs like those of vouchers, one for each week until which it is remembered.
//!
//! ```text
//! spent/N.spent   what is of use until a day of week N (days 7·N to 7·N + 6)
//! ```

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, join_all};
use sealpost_wire::directory::{Epoch, VoucherId};
use sealpost_wire::time::Day;
use tokio::task::spawn_blocking;

use super::vouchers::{Allowance, Bill, LogError, Owner, Paid, Unpaid, Vouchers};
use crate::keys;
use crate::store::{Spend, Spent, Unavailable};
use crate::tickets::Memory;

const DIRECTORY: &str = "spent";
const ENDING: &str = ".spent";
const WEEK: u32 = 7;
/// Stands in the head of each file, where the logs of vouchers have a key.
const HEAD: &[u8; 32] = b"tickets that were spent         ";

/// The logs. Each is opened when the first is spent that it remembers.
pub(super) struct SpentLogs(Arc<Logs>);

struct Logs {
    directory: PathBuf,
    /// The most that one of them remembers.
    most: u32,
    open: Mutex<BTreeMap<u32, Arc<Vouchers>>>,
}

impl SpentLogs {
    /// The logs beside the keys of tickets in `directory`.
    pub(super) fn new(directory: &Path, most: u32) -> Self {
        Self(Arc::new(Logs { directory: directory.join(DIRECTORY), most, open: Mutex::default() }))
    }
}

impl Memory for SpentLogs {
    fn spend(&self, spends: Vec<Spend>) -> BoxFuture<'static, Result<Vec<Spent>, Unavailable>> {
        let logs = Arc::clone(&self.0);
        Box::pin(async move { join_all(spends.into_iter().map(|spend| logs.spend(spend))).await.into_iter().collect() })
    }

    fn forget(&self, today: Day) -> BoxFuture<'static, ()> {
        let logs = Arc::clone(&self.0);
        Box::pin(async move { logs.forget(today.0 / WEEK).await })
    }
}

impl Logs {
    async fn spend(self: &Arc<Self>, spend: Spend) -> Result<Spent, Unavailable> {
        let (logs, week) = (Arc::clone(self), spend.until.0 / WEEK);
        let opened = spawn_blocking(move || logs.open(week)).await;
        let log = opened.map_err(|_| Unavailable)?.map_err(|_| Unavailable)?;
        match log.pay(Bill::new(VoucherId::from_bytes(spend.id), &spend.request, spend.until)).await {
            Ok(Paid::Now) => Ok(Spent::Now),
            Ok(Paid::Before) => Ok(Spent::Before),
            Err(Unpaid::Spent) => Ok(Spent::ByAnother),
            Err(Unpaid::TooMany | Unpaid::Out) => Err(Unavailable),
        }
    }

    fn open(&self, week: u32) -> Result<Arc<Vouchers>, LogError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = open.get(&week) {
            return Ok(Arc::clone(log));
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.directory);
        made.map_err(|source| LogError::unusable(&self.directory, source))?;
        let owner = Owner { epoch: Epoch(week), key: *HEAD, allowance: Allowance::Once };
        let log = Arc::new(Vouchers::open(&self.path(week), owner, self.most)?);
        open.insert(week, Arc::clone(&log));
        Ok(log)
    }

    /// Closes and erases the logs of weeks before that one. What cannot be erased now is tried again later.
    async fn forget(&self, week: u32) {
        let past = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = open.split_off(&week);
            std::mem::replace(&mut *open, kept)
        };
        for log in past.into_values() {
            log.close().await;
        }
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            if week_of(&path).is_some_and(|past| past < week) {
                let _later = keys::remove(&path);
            }
        }
    }

    fn path(&self, week: u32) -> PathBuf {
        self.directory.join(format!("{week}{ENDING}"))
    }
}

fn week_of(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_suffix(ENDING)?.parse().ok()
}
