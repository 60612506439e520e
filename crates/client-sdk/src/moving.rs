//! Moving to another relay.
//!
//! ```text
//! begin     new cards, and a new mailbox for each conversation, at the new relay; the old ones are kept, and collected
//! opening   the new ones are opened and stocked
//! telling   each contact is told inside the seal: by the next message, or by one made for it
//! waiting   a time to live, in which whatever is under way to the old ones arrives
//! closing   what was left behind is closed, once all that lay there has been collected; the old relay's signed statements
//!           are kept
//! ```
//!
//! Each step is a transaction, and what is next follows from the store: whoever is killed goes on where it was.

mod closing;
mod report;

use std::time::{Duration, SystemTime};

use rand::Rng;
use rusqlite::Transaction;
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::Role;
use sealpost_wire::time::Day;

pub(crate) use closing::{close_left_behind, is_to_be_closed, leave_number, settled};
pub(crate) use report::stages;
pub use report::{MoveStage, Moving};

use crate::client::Client;
use crate::clock;
use crate::contact::ContactState;
use crate::engine::{TIME_TO_LIVE, add_mailbox, network};
use crate::error::{Error, ErrorKind};
use crate::net::{NetError, Reach};
use crate::permit::NetworkPermit;
use crate::profile::add_card;
use crate::store::shelves::CardKind;
use crate::store::{StoreError, contacts, mailboxes, moves, pins, profile, relays};

/// For so long contacts are waited for who cannot be told.
const LONGEST_DAYS: u32 = 90;
/// A relay's rounding of times, and clocks that differ, are allowed for.
const MARGIN_DAYS: u32 = 1;

impl Client {
    /// Moves to another relay: makes new cards and mailboxes there, tells every contact inside the seal, goes on collecting
    /// the old ones for a time to live, then closes them. Durable when it returns; the engine does the rest, in whichever
    /// process it runs, also after it was killed. [`Client::moves`] says how far it is.
    ///
    /// The new relay's signed manifest is fetched first, and its region is checked. Cards that were given away lead to the old
    /// relay for a time to live still: show [`Client::card`] again to whom they were given, and publish a number again there
    /// ([`Moving::number_left_behind`]).
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyThere`], [`ErrorKind::RegionNotAllowed`], [`ErrorKind::Unreachable`] and its like, or trouble with
    /// storage. Nothing has changed then.
    pub async fn move_to(&self, relay: &RelayRef) -> Result<Moving, Error> {
        let inner = &self.0;
        if self.look(profile::relay)? == *relay {
            return Err(ErrorKind::AlreadyThere.into());
        }
        let permit = NetworkPermit::of_consent(&inner.store.read(profile::consent_on_record)?);
        let known = network(&permit, inner, &inner.store)?.renew(relay, Reach::Anywhere).await?;
        known.is_a(Role::Relay).map_err(NetError::from)?;
        if !inner.options.regions.allow(&known.manifest.region) {
            return Err(ErrorKind::RegionNotAllowed.into());
        }
        let spread = inner.options.leaving_spread;
        self.change(|tx| begin(tx, relay, clock::now(), spread))?;
        self.moves()?.pop().ok_or_else(|| ErrorKind::Internal.into())
    }

    /// All moves of this profile, the oldest first, with what the relays that were left have stated.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn moves(&self) -> Result<Vec<Moving>, Error> {
        self.look(report::all)
    }
}

/// Begins a move. Openings and messages are spread over this time.
pub(crate) fn begin(
    tx: &Transaction<'_>,
    target: &RelayRef,
    now: SystemTime,
    spread: Duration,
) -> Result<i64, StoreError> {
    let (source, today) = (relays::home(tx)?, Day::of(now));
    let target_id = relays::ensure(tx, target)?;
    if source == target_id {
        return Err(StoreError::Refused(ErrorKind::AlreadyThere));
    }
    let closes = today.plus(lifetime_days(tx, &relays::reference(tx, source)?)?);
    let id = moves::add(tx, source, target_id, today, closes)?;
    let told = mailboxes::conversations(tx)?;
    mailboxes::forget_spares_to_come(tx, now)?;
    moves::retire_all(tx, id)?;
    profile::set_relay(tx, target)?;
    add_card(tx, CardKind::Shown)?;
    add_card(tx, CardKind::Inner)?;
    contacts::set_all_card_due(tx)?;
    let mut contacts = 0;
    for contact in told {
        if contacts::peer(tx, contact)?.state == ContactState::Accepted {
            contacts += 1;
            let row = add_mailbox(tx, contact, today)?;
            let some_time = || now + rand::rng().random_range(Duration::ZERO..=spread);
            mailboxes::open_at(tx, row, some_time())?;
            mailboxes::announce_at(tx, row, some_time())?;
        }
    }
    moves::set_contacts(tx, id, contacts)?;
    Ok(id)
}

/// Keeps what was left behind until a time to live after everybody has been told, and not for ever: a contact's relay may be away
/// for good.
pub(crate) fn put_off(tx: &Transaction<'_>, today: Day) -> Result<(), StoreError> {
    let Some(newest) = moves::all(tx)?.pop() else { return Ok(()) };
    let is_under_way = stages(tx)?.pop().is_some_and(|(_, stage)| stage <= MoveStage::Telling);
    if is_under_way && today < newest.began.plus(LONGEST_DAYS) {
        moves::set_closes(tx, newest.id, today.plus(lifetime_days(tx, &newest.source)?))?;
    }
    Ok(())
}

/// For how long something may be under way to mailboxes on this relay.
fn lifetime_days(tx: &Transaction<'_>, relay: &RelayRef) -> Result<u32, StoreError> {
    let manifest = pins::manifest(tx, relay)?;
    let hours = manifest.map_or(0, |manifest| u64::from(manifest.retention.envelope_hours));
    let lifetime = Duration::from_secs(hours * 3_600).max(TIME_TO_LIVE);
    let days = u32::try_from(lifetime.as_secs().div_ceil(86_400)).unwrap_or(u32::MAX);
    Ok(days.saturating_add(MARGIN_DAYS))
}
