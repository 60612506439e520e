//! Pages: planned by the clerk, fetched by whoever asked.

use std::sync::Arc;

use sealpost_wire::EnvelopeId;
use sealpost_wire::request::Stored;
use sealpost_wire::time::Day;

use super::Shared;
use super::disk::Fault;
use crate::store::{Denied, Page, Reply, Unavailable};

/// Where the envelopes of a page are.
pub(super) struct Plan {
    pub(super) places: Vec<Place>,
    pub(super) more: bool,
}

/// Where an envelope is.
pub(super) enum Place {
    /// In memory, not yet known to be durable.
    Here(Arc<Stored>),
    /// On disk, unless it is erased before it is fetched.
    OnDisk { key: [u8; 40], day: Day, sequence: u64, id: EnvelopeId },
}

/// Fetches what was planned.
pub(super) fn fetch(plan: Reply<Result<Plan, Denied>>, shared: Arc<Shared>) -> Reply<Result<Page, Denied>> {
    Box::pin(async move {
        let plan = match plan.await? {
            Ok(plan) => plan,
            Err(denied) => return Ok(Err(denied)),
        };
        if plan.places.iter().all(|place| matches!(place, Place::Here(_))) {
            return plan.read(&shared).map(Ok);
        }
        let read = tokio::task::spawn_blocking(move || plan.read(&shared)).await;
        read.map_err(|_| Unavailable)?.map(Ok)
    })
}

impl Plan {
    fn read(self, shared: &Shared) -> Result<Page, Unavailable> {
        let envelopes: Result<Vec<Option<Stored>>, Fault> =
            self.places.into_iter().map(|place| place.read(shared)).collect();
        let envelopes = envelopes.map_err(|_| Unavailable)?.into_iter().flatten().collect();
        Ok(Page { envelopes, more: self.more })
    }
}

impl Place {
    fn read(self, shared: &Shared) -> Result<Option<Stored>, Fault> {
        match self {
            Self::Here(stored) => Ok(Some(Arc::unwrap_or_clone(stored))),
            Self::OnDisk { key, day, sequence, id } => {
                let sealed = shared.with(|disk| disk.envelope(&key, day))?;
                Ok(sealed.map(|sealed| Stored { sequence, id, sealed }))
            }
        }
    }
}
