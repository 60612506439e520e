//! Asking for tickets.

use rand::RngCore;
use rusqlite::Transaction;
use sealpost_blind::{EvaluatedBatch, PublicKey, TicketRequest};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::manifest::{Manifest, TicketKey, Tickets};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{IssueTickets, IssuedTickets, Refusal, WantedTickets};
use sealpost_wire::ticket::{BlindedTickets, Ticket};
use sealpost_wire::time::Day;

use super::random::Again;
use super::{Desk, Stock, TicketTrouble};
use crate::clock;
use crate::net::NetError;
use crate::store::StoreError;
use crate::store::tickets::{self as rows, Ask, Payment, ToldKey};

/// How often it is asked anew when the keys have changed meanwhile.
const TRIES: usize = 3;

impl Stock {
    /// Gets all that one voucher is good for. What was asked before and not answered is asked again, the very same.
    ///
    /// # Errors
    /// [`TicketTrouble`].
    pub(super) async fn ask(&self, desk: Desk<'_>) -> Result<(), TicketTrouble> {
        let issuer = desk.server.operator;
        let mut stale = 0;
        loop {
            let ask = self.next_ask(desk).await?;
            match self.send(desk, &ask).await {
                Ok(tickets) => return Ok(self.settle(issuer, tickets).await?),
                // Spent, or no good: the next one, if there is one.
                Err(TicketTrouble::Network(error))
                    if is(&error, &[Refusal::TicketSpent, Refusal::VoucherNeeded])
                        && ask.payment != Payment::Nothing =>
                {
                    self.give_up(issuer, None).await?;
                }
                Err(TicketTrouble::Network(error)) if is(&error, &[Refusal::VoucherNeeded]) => {
                    self.give_up(issuer, None).await?;
                    self.network.renew(desk.server, desk.reach).await?;
                    return Err(TicketTrouble::NoVoucher);
                }
                Err(TicketTrouble::Network(error)) if is(&error, &[Refusal::OtherKeys]) && stale < TRIES => {
                    stale += 1;
                    self.give_up(issuer, Some(ask.payment)).await?;
                    self.network.renew(desk.server, desk.reach).await?;
                }
                Err(TicketTrouble::NotTheKey) => {
                    self.give_up(issuer, None).await?;
                    return Err(TicketTrouble::NotTheKey);
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// The request that waits for its answer, or a new one.
    async fn next_ask(&self, desk: Desk<'_>) -> Result<Ask, TicketTrouble> {
        let (issuer, today) = (desk.server.operator, clock::today());
        if let Some(ask) = self.blocking(move |store| store.read(|tx| rows::pending(tx, &issuer))).await? {
            return Ok(ask);
        }
        let mut known = self.network.relay(desk.server, desk.reach).await?;
        if known.manifest.issued < today {
            known = self.network.renew(desk.server, desk.reach).await?;
        }
        let keys = told(&known.manifest).ok_or(TicketTrouble::NotTheKey)?;
        if keys.is_empty() {
            return Err(TicketTrouble::NoVoucher);
        }
        let policy = known.manifest.tickets;
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let begun = self.blocking(move |store| {
            store.write(|tx| {
                // Another part of this program, or another program, may have asked meanwhile.
                if let Some(ask) = rows::pending(tx, &issuer)? {
                    return Ok(Ok(ask));
                }
                if !rows::note_keys(tx, &issuer, &keys)? {
                    return Ok(Err(TicketTrouble::NotTheKey));
                }
                let Some(payment) = payment(tx, &issuer, policy, today)? else {
                    return Ok(Err(TicketTrouble::NoVoucher));
                };
                let ask = Ask { seed, payment, keys };
                rows::begin(tx, &issuer, &ask)?;
                Ok(Ok(ask))
            })
        });
        begun.await?
    }

    async fn send(&self, desk: Desk<'_>, ask: &Ask) -> Result<Vec<Ticket>, TicketTrouble> {
        let (request, waiting) = request(ask).ok_or(TicketTrouble::NotTheKey)?;
        let mut connection = self.network.issuer(desk.server, desk.role, desk.reach).await?;
        let issued = connection.call(&request).await?;
        finish(waiting, &ask.keys, &issued).ok_or(TicketTrouble::NotTheKey)
    }

    async fn settle(&self, issuer: OperatorKey, tickets: Vec<Ticket>) -> Result<(), StoreError> {
        self.blocking(move |store| {
            store.write(|tx| {
                rows::keep(tx, &issuer, &tickets)?;
                rows::end(tx, &issuer)
            })
        })
        .await
    }

    /// Forgets the request that waits, and puts back what it did not spend.
    async fn give_up(&self, issuer: OperatorKey, unspent: Option<Payment>) -> Result<(), StoreError> {
        self.blocking(move |store| {
            store.write(|tx| {
                rows::end(tx, &issuer)?;
                unspent.iter().try_for_each(|payment| rows::put_back(tx, &issuer, payment))
            })
        })
        .await
    }
}

/// What pays: an attester's word only where there is nothing else, since it can be used until its epoch is over.
pub(super) fn payment(
    tx: &Transaction<'_>,
    issuer: &OperatorKey,
    policy: Tickets,
    today: Day,
) -> Result<Option<Payment>, StoreError> {
    if policy == Tickets::Open {
        return Ok(Some(Payment::Nothing));
    }
    match rows::take_payment(tx, issuer, today)? {
        None if policy == Tickets::Attestation => Ok(rows::fresh_word(tx, issuer, today)?.map(Payment::Attested)),
        payment => Ok(payment),
    }
}

/// The keys that a manifest tells, if they can be read.
fn told(manifest: &Manifest) -> Option<Vec<ToldKey>> {
    let read = |told: &TicketKey| {
        let TicketKey { kind, first_day, count, public_key: _ } = *told;
        Some(ToldKey { kind, first_day, count, key: told.bytes()? })
    };
    manifest.ticket_keys.iter().map(read).collect()
}

pub(super) fn request(ask: &Ask) -> Option<(IssueTickets, Vec<TicketRequest>)> {
    let mut rng = Again::from(&ask.seed);
    let (mut wanted, mut waiting) = (Vec::new(), Vec::new());
    for ToldKey { kind, first_day, count, key: _ } in ask.keys.iter().copied() {
        let (request, batch) = TicketRequest::new(kind, first_day, count, &mut rng).ok()?;
        wanted.push(WantedTickets { kind, first_day, elements: BlindedTickets::from_bytes(&batch.to_bytes())? });
        waiting.push(request);
    }
    let (invite, attested, renewal) = match ask.payment.clone() {
        Payment::Nothing => (None, None, None),
        Payment::Invite(code) => (Some(code), None, None),
        Payment::Attested(word) => (None, Some(word), None),
        Payment::Renewal(ticket) => (None, None, Some(ticket)),
    };
    let wanted = List::new(wanted).ok()?;
    Some((IssueTickets { version: V1, invite, attested, renewal, wanted }, waiting))
}

/// Checks each batch against the key that was told, and takes the tickets out; none of any if one does not hold.
pub(super) fn finish(waiting: Vec<TicketRequest>, keys: &[ToldKey], issued: &IssuedTickets) -> Option<Vec<Ticket>> {
    if issued.issued.len() != waiting.len() {
        return None;
    }
    let mut tickets = Vec::new();
    for ((request, told), batch) in waiting.into_iter().zip(keys).zip(issued.issued.iter()) {
        let key = PublicKey::from_bytes(&told.key).ok()?;
        tickets.extend(request.finish(&key, &EvaluatedBatch::from_bytes(batch.as_bytes()).ok()?).ok()?);
    }
    Some(tickets)
}

fn is(error: &NetError, reasons: &[Refusal]) -> bool {
    matches!(error, NetError::Refused(refused) if reasons.contains(&refused.reason))
}
