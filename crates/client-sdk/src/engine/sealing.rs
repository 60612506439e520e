//! What is to be done next for one contact, and sealing.
//!
//! Each function here is one transaction: what it returns has been committed. Above all, an envelope and the session after
//! it are, so that the same bytes under the same id are deposited until a relay has accepted them.

use std::time::{Duration, SystemTime};

use rusqlite::Transaction;
use sealpost_crypto::content::Receipt;
use sealpost_crypto::item::ItemError;
use sealpost_crypto::{
    Content, FrontDoor, Local, MessageId, ReturnAddress, Route, SealError, Session, begin, open_item, seal,
};
use sealpost_identity::CardRef;
use sealpost_wire::ticket::{Ticket, TicketKind};
use sealpost_wire::time::Day;
use sealpost_wire::{Address, EnvelopeId, SealedItem, SizeClass};

use super::rotation::ensure_mailbox;
use super::telling::{STALE, seconds};
use crate::contact::{ContactId, ContactState};
use crate::message::{FailureReason, MessageState};
use crate::store::contacts::Peer;
use crate::store::mailboxes::OwnMailbox;
use crate::store::outbox::{SealedRow, Waiting};
use crate::store::shelves::CardKind;
use crate::store::{StoreError, contacts, mailboxes, messages, outbox, profile, receipts, shelves, tickets};

/// How many messages to one contact are sealed and in flight at once.
const BATCH: usize = 32;
/// How many bytes of envelopes: they may share a frame, and every relay takes frames of this length.
const BATCH_BYTES: usize = 384 * 1_024;

/// How long a first message waits for its recipient to be online for the first time.
const FIRST_MEETING: Duration = Duration::from_secs(86_400);

/// What is to be done next for one contact.
pub(super) enum Plan {
    /// Nothing waits.
    Nothing,
    /// An item must be taken from the shelf of one of these cards, in this order.
    Introduce(Vec<CardRef>),
    /// One's own relay must open the mailbox for answers first.
    AwaitReturnAddress,
    /// These are sealed, all for one address, and to be deposited in this order.
    Deposit(Vec<(Waiting, SealedRow)>),
    /// These will never be sent.
    GivenUp(Vec<MessageId>, FailureReason),
}

/// What came of an item that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Introduced {
    /// There is a session and a door to go to.
    Done,
    /// The owner was not there to renew it.
    Expired,
    /// It is not what the card names.
    Mismatch,
}

/// Who seals, and when.
pub(super) struct Sealer<'a> {
    pub(super) local: &'a Local,
    pub(super) now: SystemTime,
}

impl Sealer<'_> {
    /// Decides what is next for a contact, and seals what can be sealed.
    pub(super) fn plan(&self, tx: &Transaction<'_>, contact: ContactId) -> Result<Plan, StoreError> {
        profile::require_opted_in(tx)?;
        if outbox::has_expired(tx, contact, self.today())? {
            outbox::unseal(tx, contact)?;
            contacts::set_door(tx, contact, None)?;
        }
        let peer = contacts::peer(tx, contact)?;
        match peer.state {
            ContactState::Accepted => {}
            ContactState::Unaccepted => return Ok(Plan::Nothing),
            ContactState::Blocked => return give_up(tx, contact, FailureReason::Blocked),
        }
        outbox::drop_notices(tx, contact, seconds(self.now).saturating_sub(STALE.as_secs()))?;
        let waiting = outbox::first(tx, contact, BATCH)?;
        match waiting.first().map(|row| row.sealed.is_some()) {
            None => Ok(Plan::Nothing),
            Some(true) => Ok(Plan::Deposit(for_one_address(waiting))),
            Some(false) => self.seal_all(tx, &peer, waiting),
        }
    }

    fn seal_all(&self, tx: &Transaction<'_>, peer: &Peer, waiting: Vec<Waiting>) -> Result<Plan, StoreError> {
        let session = contacts::session(tx, peer.hash.person())?.filter(|session| session.is_usable(self.now));
        let (Some(session), Some(route)) = (session, self.route(peer)) else { return introduce_by_card(tx, peer) };
        let Some(home) = self.home(tx, peer.id)? else { return Ok(Plan::AwaitReturnAddress) };
        let way =
            Way { route, expires: expiry(peer, &route), home: home.row, letterhead: self.letterhead(tx, peer, &home)? };
        self.seal_each(tx, peer, session, &way, waiting)
    }

    /// The mailbox for answers, if one's relay has opened one.
    fn home(&self, tx: &Transaction<'_>, contact: ContactId) -> Result<Option<OwnMailbox>, StoreError> {
        let open = mailboxes::newest_open_of(tx, contact)?;
        if open.is_some() || !ensure_mailbox(tx, contact, self.today())? {
            return Ok(open);
        }
        mailboxes::newest_open_of(tx, contact)
    }

    /// Seals as many as go out at once. Rows, session and counter are of one state whatever happens on the way: a session
    /// that sealed something is never left behind what it sealed.
    fn seal_each(
        &self,
        tx: &Transaction<'_>,
        peer: &Peer,
        session: Session,
        way: &Way<'_>,
        waiting: Vec<Waiting>,
    ) -> Result<Plan, StoreError> {
        let mut run = Run { session, sent: peer.sent, ready: Vec::with_capacity(waiting.len()) };
        for mut row in waiting {
            if is_enough(&run.ready) {
                break;
            }
            match self.seal_one(&mut run, way, &mut row) {
                Ok(sealed) => run.ready.push((row, sealed)),
                // What is sealed goes out before anything is said of this one.
                Err(_) if !run.ready.is_empty() => break,
                Err(SealError::SessionUnusable) => return introduce_by_card(tx, peer),
                Err(SealError::TooLong | SealError::Refused | SealError::ForeignCard) => {
                    outbox::finish(tx, &row, MessageState::Failed(FailureReason::Sealing))?;
                    return Ok(Plan::GivenUp(vec![row.message], FailureReason::Sealing));
                }
            }
        }
        for (row, sealed) in &run.ready {
            let counter = row.counter.unwrap_or_default();
            outbox::set_sealed(tx, row.place, counter, sealed)?;
            if let Some(position) = row.position {
                messages::set_counter(tx, position, counter)?;
            }
        }
        contacts::set_session(tx, peer.hash.person(), &run.session)?;
        contacts::set_sent(tx, peer.id, run.sent)?;
        mailboxes::set_named(tx, way.home)?;
        if way.letterhead.receipt.is_some() {
            receipts::set_told(tx, peer.id)?;
        }
        Ok(Plan::Deposit(run.ready))
    }

    fn seal_one(&self, run: &mut Run, way: &Way<'_>, row: &mut Waiting) -> Result<SealedRow, SealError> {
        let counter = row.counter.unwrap_or_else(|| run.sent.saturating_add(1));
        let content = way.letterhead.content(row, counter);
        let sealed = seal(self.local, &run.session, &content, way.route, self.now, &mut rand::rng())?;
        row.counter = Some(counter);
        (run.session, run.sent) = (sealed.session, run.sent.max(counter));
        Ok(SealedRow {
            id: EnvelopeId::random(&mut rand::rng()),
            envelope: sealed.envelope,
            target: way.route.address().clone(),
            expires: way.expires,
        })
    }

    /// Where to: the mailbox that they named last, or else the door of an item that is still valid.
    fn route<'p>(&self, peer: &'p Peer) -> Option<Route<'p>> {
        let valid = |_: &&FrontDoor| peer.door_until.is_some_and(|last| self.today() <= last);
        let pairwise = peer.address.as_ref().map(Route::Pairwise);
        pairwise.or_else(|| peer.door.as_ref().filter(valid).map(Route::FrontDoor))
    }

    fn letterhead(&self, tx: &Transaction<'_>, peer: &Peer, home: &OwnMailbox) -> Result<Letterhead, StoreError> {
        let card = shelves::one(tx, CardKind::Inner)?.card(self.local.key().hash());
        Ok(Letterhead {
            return_address: home.return_address().ok_or(StoreError::Row)?,
            card: (!peer.answered || peer.card_due > 0).then_some(card),
            receipt: receipts::news(tx, peer.id)?,
        })
    }

    /// Begins a session, where one is needed, from an item that was just taken, and remembers the door it names.
    pub(super) fn introduce(
        &self,
        tx: &Transaction<'_>,
        contact: ContactId,
        card: &CardRef,
        item: &SealedItem,
    ) -> Result<Introduced, StoreError> {
        let peer = contacts::peer(tx, contact)?;
        let verified = match open_item(card, item, self.today()) {
            Ok(verified) if card.identity == peer.hash => verified,
            Err(ItemError::Expired) => return Ok(Introduced::Expired),
            Ok(_) | Err(_) => return Ok(Introduced::Mismatch),
        };
        let so_far = contacts::session(tx, peer.hash.person())?;
        let goes_on = |session: &Session| !session.is_unanswered() && session.is_usable(self.now);
        if !so_far.as_ref().is_some_and(goes_on) {
            let begun = begin(self.local, &verified, so_far.as_ref(), self.now, &mut rand::rng());
            let Ok(session) = begun else { return Ok(Introduced::Mismatch) };
            contacts::set_session(tx, peer.hash.person(), &session)?;
        }
        contacts::pin(tx, contact, verified.contact.identity())?;
        contacts::set_door(tx, contact, Some((&verified.front_door, verified.expires)))?;
        let issuer = verified.front_door.address.relay.operator;
        tickets::keep_for(tx, contact, &issuer, &door_tickets(verified.tickets))?;
        Ok(Introduced::Done)
    }

    fn today(&self) -> Day {
        Day::of(self.now)
    }
}

/// Where messages go, until when, and what goes with each.
struct Way<'a> {
    route: Route<'a>,
    expires: Option<Day>,
    /// The row of the mailbox that is named.
    home: i64,
    letterhead: Letterhead,
}

/// Sealing under way.
struct Run {
    session: Session,
    sent: u64,
    ready: Vec<(Waiting, SealedRow)>,
}

/// What goes with every message to one contact.
struct Letterhead {
    return_address: ReturnAddress,
    card: Option<CardRef>,
    receipt: Option<Receipt>,
}

impl Letterhead {
    fn content(&self, row: &Waiting, counter: u64) -> Content {
        Content {
            message: row.message,
            counter,
            return_address: Some(self.return_address.clone()),
            card: self.card.clone(),
            receipt: self.receipt.clone(),
            body: row.body.clone(),
        }
    }
}

/// An address is gone: what was sealed for it is sealed anew, and goes another way.
pub(super) fn address_is_gone(tx: &Transaction<'_>, contact: ContactId, target: &Address) -> Result<(), StoreError> {
    let peer = contacts::peer(tx, contact)?;
    if peer.address.is_some_and(|address| address.address == *target) {
        contacts::forget_address(tx, contact)?;
    } else if peer.door.is_some_and(|door| door.address == *target) {
        contacts::set_door(tx, contact, None)?;
    }
    outbox::unseal(tx, contact)
}

/// None of a contact's cards leads anywhere. `true` when that is waited out: nothing was ever exchanged with them, so they
/// may not have been online since they made the card.
pub(super) fn may_still_come(tx: &Transaction<'_>, contact: ContactId, now: SystemTime) -> Result<bool, StoreError> {
    let never_met = contacts::peer(tx, contact)?.identity.is_none();
    let oldest = outbox::oldest(tx, contact)?;
    // A clock that was set back makes the wait longer, not shorter.
    let waited = oldest.and_then(|time| now.duration_since(time).ok()).unwrap_or_default();
    Ok(never_met && waited < FIRST_MEETING)
}

/// Ends all that waits for a contact.
pub(super) fn give_up(tx: &Transaction<'_>, contact: ContactId, reason: FailureReason) -> Result<Plan, StoreError> {
    Ok(Plan::GivenUp(outbox::give_up(tx, contact, reason)?, reason))
}

/// Those that a front door takes: what is inside an item is its owner's word.
fn door_tickets(tickets: Vec<Ticket>) -> Vec<Ticket> {
    tickets.into_iter().filter(|ticket| ticket.kind() == TicketKind::FrontDoor).collect()
}

fn introduce_by_card(tx: &Transaction<'_>, peer: &Peer) -> Result<Plan, StoreError> {
    let cards: Vec<_> = peer.cards().cloned().collect();
    if cards.is_empty() { give_up(tx, peer.id, FailureReason::ContactGone) } else { Ok(Plan::Introduce(cards)) }
}

/// The first of what is sealed, as far as it goes to one address.
fn for_one_address(waiting: Vec<Waiting>) -> Vec<(Waiting, SealedRow)> {
    let mut ready: Vec<(Waiting, SealedRow)> = Vec::with_capacity(waiting.len());
    for mut row in waiting {
        match row.sealed.take() {
            Some(sealed) if ready.first().is_none_or(|(_, first)| first.target == sealed.target) => {
                ready.push((row, sealed));
            }
            _ => break,
        }
        if is_enough(&ready) {
            break;
        }
    }
    ready
}

/// Whether one more envelope, of whatever length, might be too much for one frame.
fn is_enough(ready: &[(Waiting, SealedRow)]) -> bool {
    let bytes: usize = ready.iter().map(|(_, sealed)| sealed.envelope.as_bytes().len()).sum();
    bytes + SizeClass::Large.envelope_length() > BATCH_BYTES
}

/// The last day on which a front door takes what is sealed for it; a pairwise mailbox has none.
const fn expiry(peer: &Peer, route: &Route<'_>) -> Option<Day> {
    match route {
        Route::FrontDoor(_) => peer.door_until,
        Route::Pairwise(_) => None,
    }
}
