//! The epochs of a key service: a key each.

use std::path::PathBuf;

use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::KeyServiceEpoch;
use sealpost_wire::time::Day;
use serde_json::{Map, Value};

use super::Epochs;
use super::row::Row;
use crate::cli::Failure;
use crate::key_service::epochs::{EpochDirectory, EpochKey, Made};

pub(super) struct Keys(EpochDirectory);

impl Keys {
    pub(super) const fn new(directory: PathBuf) -> Self {
        Self(EpochDirectory::new(directory))
    }
}

impl Epochs for Keys {
    fn what(&self) -> &'static str {
        "the key"
    }

    fn columns(&self) -> &'static [&'static str] {
        &["public_key"]
    }

    fn list(&self, today: Day) -> Result<Vec<Row>, Failure> {
        let (keys, retired) = (self.0.keys()?, self.0.retired()?);
        let kept = keys.iter().map(|key| Row::kept(key.epoch, today, details(key)));
        let retired = retired.into_iter().filter(|epoch| keys.iter().all(|key| key.epoch != *epoch));
        let mut rows: Vec<_> = kept.chain(retired.map(Row::retired)).collect();
        rows.sort_by_key(|row| row.epoch);
        Ok(rows)
    }

    fn make(&self, epoch: Epoch) -> Result<bool, Failure> {
        match self.0.make(epoch, &mut rand::rng())? {
            Made::Now => Ok(true),
            Made::Before => Ok(false),
            Made::Retired => Err(Failure::RetiredEpoch { epoch: epoch.0 }),
        }
    }

    fn retire(&self, epoch: Epoch, today: Day) -> Result<bool, Failure> {
        Ok(self.0.retire(epoch, today)?)
    }
}

fn details(key: &EpochKey) -> Map<String, Value> {
    let KeyServiceEpoch { epoch: _, public_key, contribution } = key.told();
    [("public_key", public_key), ("contribution", contribution)]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), Value::String(text)))
        .collect()
}
