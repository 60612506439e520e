//! Making tickets, and telling whether one is one's own.
//!
//! ```text
//! nonce  drawn by the client, for each ticket        B = blind(nonce) ── issued ──▶ output = VOPRF(key, nonce)
//! ticket = kind ‖ day ‖ nonce ‖ output
//! ```
//!
//! The server sees B and evaluates it; what is spent are nonce and output. Both are functions of the nonce and the key
//! alone, and B of neither: for every B and every ticket there is one blind that fits the two. So a server that keeps all
//! it saw can match each spent ticket with each issue equally well, among those under the same key.

use rand::CryptoRng;
use sealpost_wire::Secret;
use sealpost_wire::ticket::{Ticket, TicketKind};
use sealpost_wire::time::Day;

use crate::batch::{BatchSize, BlindedBatch, EvaluatedBatch};
use crate::client::{BlindState, FinalizeError};
use crate::element::PublicKey;
use crate::output::PrfOutput;
use crate::purpose::Purpose;
use crate::redacted::redacted;
use crate::server::ServerKey;

/// Tickets of one kind and day that were asked for and are not there yet.
pub struct TicketRequest {
    kind: TicketKind,
    first_day: Day,
    nonces: Vec<Secret<32>>,
    state: BlindState,
}

redacted!(TicketRequest);

impl TicketRequest {
    /// Draws nonces and blinds for one to 64 tickets. The same randomness gives the same batch, so that who keeps its seed
    /// can ask once more.
    ///
    /// # Errors
    /// [`BatchSize`] for none or more.
    pub fn new(
        kind: TicketKind,
        first_day: Day,
        count: u16,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, BlindedBatch), BatchSize> {
        let nonces: Vec<_> = (0..count).map(|_| Secret::random(rng)).collect();
        let (state, batch) = BlindState::blind(Purpose::Ticket(kind, first_day), &nonces, rng)?;
        Ok((Self { kind, first_day, nonces, state }, batch))
    }

    /// Checks that all were made with `key`, and takes the tickets out.
    ///
    /// # Errors
    /// [`FinalizeError`], and then nothing of the answer is used.
    pub fn finish(self, key: &PublicKey, evaluated: &EvaluatedBatch) -> Result<Vec<Ticket>, FinalizeError> {
        let outputs = self.state.finalize(key, evaluated)?;
        let ticket = |(nonce, output): (Secret<32>, PrfOutput)| {
            Ticket::new(self.kind, self.first_day, nonce, Secret::new(*output.expose()))
        };
        Ok(self.nonces.into_iter().zip(outputs).map(ticket).collect())
    }
}

impl ServerKey {
    /// Whether this key made the ticket: one multiplication, compared in constant time.
    #[must_use]
    pub fn made(&self, ticket: &Ticket) -> bool {
        let is_of = self.purpose() == Purpose::Ticket(ticket.kind(), ticket.first_day());
        is_of && self.output(ticket.nonce()) == PrfOutput::new(*ticket.output().expose())
    }
}
