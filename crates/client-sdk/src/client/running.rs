//! A started engine.

use std::time::Duration;

use sealpost_crypto::MessageId;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Client;
use crate::error::{Error, ErrorKind};
use crate::message::{Message, MessageState};

/// How often a message's state is looked at: another process's engine may be the one that sends it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A started engine. Dropped, it stops soon; [`Running::stop`] waits for it.
#[derive(Debug)]
pub struct Running {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Client {
    /// Starts the engine in the current Tokio runtime: from now on it collects, sends, and keeps connecting for ever.
    ///
    /// There is one engine for each profile. While another process (or another handle) has it, this one waits to take
    /// over, and tells what the other one receives.
    ///
    /// ```
    /// # use sealpost_client::{Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// # let opted_in = |directory: &tempfile::TempDir| {
    /// #     let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default()).unwrap();
    /// #     let Profile::Fresh(device) = profile else { unreachable!() };
    /// #     device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay.clone()).unwrap()
    /// # };
    /// # let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    /// # let (client, other) = (opted_in(&here), opted_in(&there));
    /// # let runtime = tokio::runtime::Runtime::new()?;
    /// # runtime.block_on(async {
    /// let engine = client.start()?;
    /// // Here the app does its work.
    /// engine.stop().await;
    /// # Ok::<(), sealpost_client::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NoRuntime`], [`ErrorKind::OptedOut`], or trouble with storage.
    pub fn start(&self) -> Result<Running, Error> {
        let runtime = Handle::try_current().map_err(|_| ErrorKind::NoRuntime)?;
        let stop = CancellationToken::new();
        let engine = crate::engine::prepare(&self.0, stop.clone())?;
        let task = runtime.spawn(engine.run());
        Ok(Running { stop, task: Some(task) })
    }

    /// Waits until a message is accepted or has failed, whichever process's engine sends it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::OptedOut`], or trouble with storage.
    pub async fn settled(&self, id: MessageId) -> Result<Message, Error> {
        loop {
            let message = self.message(id)?;
            if message.state != MessageState::Queued {
                return Ok(message);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Running {
    /// Waits until the engine has ended by itself, which it does when the profile opts out, in whichever process. Safe to
    /// cancel.
    pub async fn ended(&mut self) {
        if let Some(task) = &mut self.task {
            // A panic inside was reported by its own hook.
            let _ended = task.await;
            self.task = None;
        }
    }

    /// Stops the engine: what is in flight is finished or left to the next start, nothing is lost. Takes some seconds at
    /// most.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // A panic inside was reported by its own hook; there is nothing left to stop.
            let _ended = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
