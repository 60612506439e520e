//! What an attester does: sends codes, and attests numbers to those who show them.

mod refusals;
mod shown;
#[cfg(test)]
mod tests;
mod trouble;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{AskCode, Attested, DisclosedNumber, EntryOf, ProveNumber};
use sealpost_server::Denial;
use sealpost_server::clock::Clock;
use sealpost_wire::codec::V1;
use sealpost_wire::request::{Done, Refusal};
use sealpost_wire::time::Day;

use self::shown::Shown;
use self::trouble::Trouble;
use crate::attesting::{Attesting, NotAttested};
use crate::codes::{Codes, Drawn, Limits};
use crate::epochs::Moment;
use crate::gateway::{SmsGateway, Template};
use crate::log::Event;
use crate::metrics::Metrics;
use crate::uptime::Uptime;

/// An attester.
pub struct Attester {
    codes: Mutex<Codes>,
    attesting: Attesting,
    parts: Parts,
    trouble: Trouble,
}

/// What an attester is made of, besides what it keeps.
pub struct Parts {
    /// How many codes are sent.
    pub limits: Limits,
    /// What sends them.
    pub gateway: Arc<dyn SmsGateway>,
    /// What they are sent in.
    pub template: Template,
    /// What counts them.
    pub metrics: Metrics,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The time that codes go by.
    pub uptime: Arc<dyn Uptime>,
}

impl Attester {
    /// Has sent nothing yet.
    #[must_use]
    pub fn new(attesting: Attesting, parts: Parts) -> Self {
        let codes = Codes::new(parts.limits, parts.uptime.uptime(), &mut rand::rng());
        Self { codes: Mutex::new(codes), attesting, parts, trouble: Trouble::default() }
    }

    /// Sends a code to a number.
    ///
    /// # Errors
    /// *Malformed*, if it is no number; *limit*, with the seconds to wait; *try later*, if the code could not be sent, or
    /// would be of no use now.
    pub async fn ask_code(&self, request: AskCode) -> Result<Done, Denial> {
        let number = read(&request.number)?;
        let at = self.moment();
        // So that nobody pays for a code that cannot be redeemed.
        self.find_trouble(at).await?;
        let drawn = self.codes().draw(&number, at.uptime, &mut rand::rng()).map_err(refusals::too_many)?;
        self.send(&number, drawn).await?;
        self.parts.metrics.sent();
        Ok(Done { version: V1 })
    }

    /// Attests a number to who shows its code. The code has served then; if it comes to nothing, it is as good as before.
    ///
    /// # Errors
    /// *Malformed*, if it is no number, or an epoch is named twice; *denied*, if the code is not right, whatever the reason;
    /// *no epoch*; *try later*, if directory or key services cannot be asked, or too many others are proving theirs.
    pub async fn prove_number(&self, request: ProveNumber) -> Result<Attested, Denial> {
        let number = read(&request.number)?;
        if names_an_epoch_twice(&request.entries) {
            return Err(Denial::of(Refusal::Malformed));
        }
        let at = self.moment();
        let shown = Shown::new(&self.codes, &number, &request.code, at.uptime).map_err(refusals::not_taken)?;
        let attested = self.attesting.attest(&number, &request.entries, at).await;
        self.trouble.note(attested.as_ref().err().copied());
        let attested = attested.map_err(refusals::not_attested)?;
        shown.has_served();
        self.parts.metrics.proved();
        Ok(attested)
    }

    /// Forgets what is over, and looks whether numbers can be attested. To be called every minute or so.
    pub async fn tend(&self) {
        let at = self.moment();
        self.codes().sweep(at.uptime, &mut rand::rng());
        Event::Swept {}.log();
        let _told = self.find_trouble(at).await;
    }

    /// Whether numbers can be attested, as far as is known.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.trouble.is_none()
    }

    async fn find_trouble(&self, at: Moment) -> Result<(), Denial> {
        let possible = self.attesting.is_possible(at).await.map_err(NotAttested::Unusable);
        self.trouble.note(possible.err());
        possible.map_err(refusals::not_attested)
    }

    async fn send(&self, number: &PhoneNumber, drawn: Drawn) -> Result<(), Denial> {
        let text = self.parts.template.fill(&drawn.code);
        let sent = self.parts.gateway.send(number, &text).await;
        self.trouble.note_gateway(sent.as_ref().err());
        sent.map_err(|error| {
            if error.is_unsent() {
                self.codes().unsent(drawn.id);
            }
            self.parts.metrics.gateway_failed();
            refusals::not_sent()
        })
    }

    fn codes(&self) -> MutexGuard<'_, Codes> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment {
        Moment { uptime: self.parts.uptime.uptime(), today: Day::of(self.parts.clock.now()) }
    }
}

fn read(number: &DisclosedNumber) -> Result<PhoneNumber, Denial> {
    number.number().ok_or(Denial::of(Refusal::Malformed))
}

fn names_an_epoch_twice(entries: &[EntryOf]) -> bool {
    matches!(entries, [first, second] if first.epoch == second.epoch)
}
