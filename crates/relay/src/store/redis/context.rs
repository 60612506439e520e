//! What every request needs.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};

use super::answer::Fault;
use super::call::Call;
use super::health::Health;
use super::keys::{Keys, Tag};
use super::link::Link;
use super::options::{Durability, Rates};
use super::replication::{Known, Replication};
use super::upkeep::Swept;
use super::wake::Wake;
use crate::store::Quota;

/// What every request needs.
pub(super) struct Context {
    pub(super) link: Link,
    pub(super) keys: Keys,
    pub(super) quota: Quota,
    pub(super) durability: Durability,
    pub(super) rates: Rates,
    /// How often all that is waited for is read.
    pub(super) drain_every: Duration,
    pub(super) wake: Wake,
    pub(super) health: Arc<Health>,
    pub(super) replication: Replication,
    pub(super) swept: Swept,
}

impl Context {
    /// Calls a script whose answer may be given as soon as it is there.
    pub(super) async fn look(&self, call: Call) -> Result<Value, Fault> {
        let answer = self.link.call(&call).await;
        self.take_note(call.tag(), &answer);
        answer
    }

    /// The same behind what is laid down for it, at one moment. `None` where nothing is promised of either.
    pub(super) async fn look_behind(&self, laid_down: Vec<Cmd>, call: Call) -> Result<Option<Value>, Fault> {
        let tag = call.tag().clone();
        let answer = self.link.call_behind(laid_down, call).await;
        self.take_note(&tag, &answer);
        answer
    }

    fn take_note<T>(&self, tag: &Tag, answer: &Result<T, Fault>) {
        if answer.as_ref().is_err_and(Fault::is_outage) {
            self.health.failed(tag, &self.link);
        }
    }

    /// Calls a script and waits until what it changed is as durable as is configured. Redis itself waits for its disk before
    /// it answers.
    pub(super) async fn change(&self, call: Call) -> Result<Value, Fault> {
        let (tag, before) = (call.tag().clone(), self.replication.before());
        let answer = self.look(call).await?;
        self.secure(&tag, before).await?;
        Ok(answer)
    }

    /// Gives a command to whoever has `tag`, whose answer may be given as soon as it is there.
    pub(super) async fn read(&self, tag: &Tag, command: &Cmd) -> Result<Value, Fault> {
        let answer = self.link.ask(tag, command).await;
        self.take_note(tag, &answer);
        answer
    }

    /// The same, and waits as for a change.
    pub(super) async fn command(&self, tag: &Tag, command: &Cmd) -> Result<Value, Fault> {
        let before = self.replication.before();
        let answer = self.read(tag, command).await?;
        self.secure(tag, before).await?;
        Ok(answer)
    }

    /// Waits for replicas, where they count, to have what was written after that much was known.
    pub(super) async fn secure(&self, tag: &Tag, before: Known) -> Result<(), Fault> {
        let Durability::Replicas(_) = self.durability else { return Ok(()) };
        let secured = self.replication.caught_up(tag, before).await;
        if secured.is_err() {
            self.health.failed(tag, &self.link);
        }
        secured
    }
}
