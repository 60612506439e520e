//! What is to be listed, for which epochs there is all that is needed, and when it is due.

use rusqlite::Transaction;
use sealpost_blind::discovery::Descriptor;
use sealpost_identity::CardRef;
use sealpost_wire::request::{Listing, Published};
use sealpost_wire::time::Day;

use crate::discovery::{Directory, basis};
use crate::store::closings::Target;
use crate::store::consents::DiscoveryOnRecord;
use crate::store::entries::{Entry, Publication, Standing};
use crate::store::{StoreError, closings, consents, entries, lookups, mailboxes, profile, shelves};

/// How often an entry is published again. A claim is carried out after seven days, and its owner shall have most of them.
const AGAIN_AFTER_DAYS: u32 = 3;

/// What is to be listed.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) publication: Publication,
    pub(super) card: CardRef,
    pub(super) entries: Vec<Entry>,
}

/// One epoch's entry, with what its place is computed from.
pub(super) struct Ready {
    pub(super) descriptor: Descriptor,
    pub(super) entry: Entry,
}

/// What is to be listed, when its card leads to a stocked shelf, and nothing that was withdrawn is still in its place.
pub(super) fn wanted(tx: &Transaction<'_>) -> Result<Option<(DiscoveryOnRecord, Wanted)>, StoreError> {
    let on_record = match consents::discovery(tx) {
        Err(StoreError::Refused(_)) => return Ok(None),
        outcome => outcome?,
    };
    let Some(publication) = entries::publication(tx)? else { return Ok(None) };
    let Some(card) = shelves::by_row(tx, publication.card)? else { return Ok(None) };
    let door = mailboxes::front_door_of(tx, card.row)?;
    let is_stocked = card.opened && card.renewed.is_some() && door.is_some_and(|door| door.opened.is_some());
    let is_withdrawing = closings::pending(tx)?.iter().any(|closing| matches!(closing.target, Target::Entry(..)));
    if !is_stocked || is_withdrawing {
        return Ok(None);
    }
    let own = profile::own(tx)?;
    let card = card.card(own.identity.public().hash());
    let entries = entries::of_number(tx, publication.number)?;
    Ok(Some((on_record, Wanted { publication, card, entries })))
}

/// The epochs for which there is all that is needed: the number's hash, and the attester's word where one is wanted.
pub(super) fn ready(tx: &Transaction<'_>, wanted: &Wanted, directory: &Directory) -> Result<Vec<Ready>, StoreError> {
    let mut ready = Vec::new();
    for descriptor in &directory.epochs {
        let epoch = descriptor.epoch;
        let entry = wanted.entries.iter().find(|entry| entry.epoch == epoch);
        let Some(entry) = entry.filter(|entry| entry.proof.is_some() || directory.attester.is_none()) else { continue };
        let is_hashed = lookups::is_under(tx, epoch, &basis(descriptor))?
            && lookups::one(tx, epoch, wanted.publication.number)?.is_some();
        if is_hashed {
            ready.push(Ready { entry: entry.clone(), descriptor: descriptor.clone() });
        }
    }
    Ok(ready)
}

/// Whether an entry is to be published today.
pub(super) fn is_due(entry: &Entry, today: Day) -> bool {
    match entry.standing {
        None => true,
        Some(_) if entry.changed => true,
        Some((Standing::Listed | Standing::Contested(_), on)) => on.plus(AGAIN_AFTER_DAYS) <= today,
        Some((Standing::Waiting(from), on)) => from <= today && on < today,
        Some((Standing::Full, on)) => on < today,
    }
}

/// What the directory's answer means; `None` when it makes no sense.
pub(super) const fn standing(published: Published) -> Option<Standing> {
    match (published.listing, published.day) {
        (Listing::Listed, None) => Some(Standing::Listed),
        (Listing::Listed, Some(until)) => Some(Standing::Contested(until)),
        (Listing::Waiting, Some(from)) => Some(Standing::Waiting(from)),
        (Listing::Waiting, None) => None,
    }
}
