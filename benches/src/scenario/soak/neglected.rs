//! Mailboxes that nobody comes for: what lies in them is to be gone once its time is over, and not before.

use std::sync::Arc;

use sealpost_wire::SizeClass;

use super::{DAYS, KEPT_DAYS};
use crate::failure::Failure;
use crate::load::client::Target;
use crate::load::errand;
use crate::load::mailboxes::Mailbox;
use crate::subject::libfaketime;

/// Envelopes in each.
const EACH: u32 = 1_000;
/// From here on mailboxes have numbers of their own.
const NUMBERS: u32 = 3_000_000_000;

/// Those mailboxes, and after how many kills they were written to.
#[derive(Default)]
pub(super) struct Neglected(Vec<(Arc<Mailbox>, u32)>);

impl Neglected {
    /// One more of them.
    pub(super) async fn leave(&mut self, target: &Target, kills: u32) -> Result<(), Failure> {
        let mailbox = Arc::new(Mailbox::random(SizeClass::Small));
        errand::ask(target, &mailbox.open()).await?;
        errand::deposit(target, NUMBERS + kills, &mailbox, EACH).await?;
        self.0.push((mailbox, kills));
        Ok(())
    }

    /// How many envelopes lie there for nobody, after so many kills.
    pub(super) fn stored(&self, kills: u32) -> u64 {
        let lying = self.0.iter().filter(|(_, since)| (kills - since) * DAYS <= KEPT_DAYS || libfaketime().is_none());
        lying.count() as u64 * u64::from(EACH)
    }

    /// How many envelopes have expired, of which none may be there; all of the others must be.
    pub(super) async fn count(&self, target: &Target, kills: u32) -> Result<Option<u64>, Failure> {
        let mut expired = 0;
        let moves = libfaketime().is_some();
        for (mailbox, since) in &self.0 {
            let days = if moves { (kills - since) * DAYS } else { 0 };
            let is_over = days > KEPT_DAYS;
            // An hour that ends on the day itself may be over or not.
            let expected = if is_over { 0 } else { u64::from(EACH) };
            if days != KEPT_DAYS && errand::count(target, mailbox).await? != expected {
                return Err(Failure::NotExpired);
            }
            expired += if is_over { u64::from(EACH) } else { 0 };
        }
        Ok(moves.then_some(expired))
    }
}
