//! The epochs, asked for anew every hour, and by whom they did not serve.

use std::sync::Arc;
use std::time::Duration;

use sealpost_wire::operator::OperatorKey;
use tokio::sync::{Mutex, MutexGuard};

use super::compare::open_epochs;
use super::{Epochs, Moment, Shared, Unusable};
use crate::asking::Asking;

/// How long what was read is used.
const GOOD_FOR: Duration = Duration::from_secs(60 * 60);
/// How long after asking nobody is asked again, whatever came of it.
const PAUSE: Duration = Duration::from_secs(10);

/// The open epochs, as they were last read.
pub struct Cache {
    asking: Arc<dyn Asking>,
    attester: OperatorKey,
    last: Mutex<Option<Last>>,
}

/// What came of asking.
enum Last {
    Read(Shared),
    Failed(Moment, Unusable),
}

impl Cache {
    /// Nothing is read yet. `attester` is the key that directory and key services should believe.
    #[must_use]
    pub fn new(asking: Arc<dyn Asking>, attester: OperatorKey) -> Self {
        Self { asking, attester, last: Mutex::new(None) }
    }

    /// The open epochs, at most an hour old and of today. Whoever comes while they are being asked for waits for them.
    ///
    /// # Errors
    /// [`Unusable`], for some seconds also without asking again.
    pub async fn epochs(&self, at: Moment) -> Result<Arc<Epochs>, Unusable> {
        let mut last = self.last.lock().await;
        match &*last {
            Some(Last::Read(epochs)) if epochs.serve(at) => Ok(Arc::clone(epochs)),
            Some(Last::Failed(when, why)) if is_just_now(*when, at) => Err(*why),
            _ => self.ask(&mut last, at).await,
        }
    }

    /// Newer ones than `stale`, which did not serve; `None` if those are as new as can be.
    ///
    /// # Errors
    /// [`Unusable`]. What was read before is kept.
    pub async fn newer_than(&self, stale: &Epochs, at: Moment) -> Result<Option<Arc<Epochs>>, Unusable> {
        let mut last = self.last.lock().await;
        match &*last {
            Some(Last::Read(epochs)) if epochs.read != stale.read => Ok(Some(Arc::clone(epochs))),
            _ if is_just_now(stale.read, at) => Ok(None),
            _ => self.ask(&mut last, at).await.map(Some),
        }
    }

    async fn ask(&self, last: &mut MutexGuard<'_, Option<Last>>, at: Moment) -> Result<Shared, Unusable> {
        match open_epochs(&*self.asking, &self.attester, at).await {
            Ok(epochs) => {
                let epochs = Arc::new(epochs);
                **last = Some(Last::Read(Arc::clone(&epochs)));
                Ok(epochs)
            }
            Err(why) => {
                // What is good still is better than a failure.
                if !matches!(&**last, Some(Last::Read(epochs)) if epochs.serve(at)) {
                    **last = Some(Last::Failed(at, why));
                }
                Err(why)
            }
        }
    }
}

impl Epochs {
    fn serve(&self, at: Moment) -> bool {
        at.today == self.read.today && at.uptime.saturating_sub(self.read.uptime) < GOOD_FOR
    }
}

fn is_just_now(when: Moment, at: Moment) -> bool {
    when.today == at.today && at.uptime.saturating_sub(when.uptime) < PAUSE
}
