//! The epochs of a relay's directory: a descriptor and entries each.
//!
//! The running relay is asked; where none runs, the store is opened here.

use bytes::Bytes;
use http::{Method, StatusCode};
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::EpochDescriptor;
use sealpost_wire::time::Day;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use super::Epochs;
use super::row::Row;
use crate::cli::Failure;
use crate::cli::running::Running;
use crate::config::Config;
use crate::peers::Peers;
use crate::program::directory::{EPOCHS, Opened, ShownEpoch};
use crate::server;

pub(super) struct Directory {
    config: Config,
    runtime: Runtime,
}

impl Directory {
    pub(super) fn new(config: Config) -> Result<Self, Failure> {
        let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
        Ok(Self { config, runtime })
    }

    /// What the running relay answers; none when none runs.
    fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<Option<T>, Failure> {
        let asked = async {
            let Some(running) = Running::find(&self.config).await? else { return Ok(None) };
            running.ask(method, path).await.and_then(read).map(Some)
        };
        self.runtime.block_on(asked)
    }

    fn shown(&self) -> Result<Vec<ShownEpoch>, Failure> {
        if let Some(shown) = self.ask(Method::GET, EPOCHS)? {
            return Ok(shown);
        }
        let epochs = self.runtime.block_on(server::with_relay(&self.config, async |relay| relay.epochs().await))?;
        let epochs = epochs.map_err(|_| Failure::StoreOut)?;
        Ok(epochs.into_iter().map(|(epoch, descriptor)| ShownEpoch { epoch, descriptor }).collect())
    }
}

fn read<T: DeserializeOwned>((status, body): (StatusCode, Bytes)) -> Result<T, Failure> {
    match status {
        StatusCode::OK => serde_json::from_slice(&body).map_err(|_| Failure::NotARelay),
        StatusCode::SERVICE_UNAVAILABLE => Err(Failure::StoreOut),
        _ => Err(Failure::NotARelay),
    }
}

impl Epochs for Directory {
    fn what(&self) -> &'static str {
        "the directory"
    }

    fn columns(&self) -> &'static [&'static str] {
        &["key_services", "buckets"]
    }

    fn list(&self, today: Day) -> Result<Vec<Row>, Failure> {
        let row = |shown: ShownEpoch| match shown.descriptor {
            Some(descriptor) => Row::kept(shown.epoch, today, details(&descriptor)),
            None => Row::retired(shown.epoch),
        };
        Ok(self.shown()?.into_iter().map(row).collect())
    }

    fn make(&self, epoch: Epoch) -> Result<bool, Failure> {
        let opened = match self.ask(Method::POST, &format!("{EPOCHS}/{}", epoch.0))? {
            Some(opened) => opened,
            None => {
                let open = async |relay: &crate::service::Relay| Opened::of(relay.open_epoch(epoch, &Peers).await);
                self.runtime.block_on(server::with_relay(&self.config, open))?
            }
        };
        match opened {
            Opened { retired: true, .. } => Err(Failure::RetiredEpoch { epoch: epoch.0 }),
            Opened { problem: Some(problem), .. } => Err(Failure::EpochNotOpened { epoch: epoch.0, problem }),
            Opened { opened, .. } => Ok(opened),
        }
    }

    fn retire(&self, epoch: Epoch, _: Day) -> Result<bool, Failure> {
        if let Some(retired) = self.ask(Method::DELETE, &format!("{EPOCHS}/{}", epoch.0))? {
            return Ok(retired);
        }
        let retire = async |relay: &crate::service::Relay| relay.retire_epoch(epoch).await;
        self.runtime.block_on(server::with_relay(&self.config, retire))?.map_err(|_| Failure::StoreOut)
    }
}

fn details(descriptor: &EpochDescriptor) -> Map<String, Value> {
    let EpochDescriptor { epoch: _, argon2, contributions: _, key_services, bucket_bits } = descriptor;
    let numbers = [
        ("key_services", key_services.len() as u64),
        ("buckets", 1_u64.checked_shl(u32::from(*bucket_bits)).unwrap_or_default()),
        ("hash_memory_mib", u64::from(argon2.memory_mib)),
        ("hash_passes", u64::from(argon2.passes)),
    ];
    numbers.into_iter().map(|(name, number)| (name.to_owned(), number.into())).collect()
}
