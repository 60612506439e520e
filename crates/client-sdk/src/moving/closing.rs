//! The end of a move: closing what was left behind.

use rusqlite::Transaction;
use sealpost_wire::time::Day;

use crate::leaving::withdraw_entries;
use crate::store::closings::{Closing, Target};
use crate::store::mailboxes::{OwnMailbox, Purpose};
use crate::store::moves::MoveRow;
use crate::store::{StoreError, closings, entries, mailboxes, moves, profile, shelves};

/// A mailbox that cannot be collected any more, because its relay is away for ever, has lapsed after so many days.
const LEASE_DAYS: u32 = 90;

/// Whether something that a move has left behind is to be closed by now.
pub(crate) fn is_to_be_closed(tx: &Transaction<'_>, today: Day) -> Result<bool, StoreError> {
    for left in moves::all(tx)?.into_iter().filter(|left| left.closes <= today) {
        let mailboxes = mailboxes::left_by(tx, left.id)?;
        let is_due = mailboxes.iter().any(|(mailbox, drained)| is_due(mailbox, *drained, &left, today));
        if is_due || !shelves::left_by(tx, left.id)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Marks to be closed what the moves whose time is over have left behind: a shelf at once, a mailbox when all that lay there
/// after that time has been collected. It is collected on until the relay has closed it.
pub(crate) fn close_left_behind(tx: &Transaction<'_>, today: Day) -> Result<(), StoreError> {
    for left in moves::all(tx)?.into_iter().filter(|left| left.closes <= today) {
        close_cards(tx, &left)?;
        for (mailbox, drained) in mailboxes::left_by(tx, left.id)? {
            if is_due(&mailbox, drained, &left, today) {
                let target = Target::Mailbox(mailbox.id(), mailbox.collect.clone());
                closings::add(tx, &mailbox.relay, &target, Some(left.id))?;
                mailboxes::set_closing_while_collected(tx, mailbox.row)?;
            }
        }
    }
    Ok(())
}

/// Whether all that can be collected of a mailbox has been.
fn is_due(mailbox: &OwnMailbox, drained: Option<Day>, left: &MoveRow, today: Day) -> bool {
    let is_over = today >= left.closes.plus(LEASE_DAYS);
    is_over || mailbox.opened.is_none() || drained.is_some_and(|day| day >= last_look(mailbox, left))
}

/// Whoever took the last item from a shelf has a day to use it.
fn last_look(mailbox: &OwnMailbox, left: &MoveRow) -> Day {
    let is_door = matches!(mailbox.purpose, Purpose::FrontDoor { .. });
    if is_door { left.closes.plus(1) } else { left.closes }
}

fn close_cards(tx: &Transaction<'_>, left: &MoveRow) -> Result<(), StoreError> {
    let identity = profile::own(tx)?.identity.public().hash();
    for card in shelves::left_by(tx, left.id)? {
        leave_number(tx, card.row, Some(left.id))?;
        closings::add(tx, &card.relay, &Target::Shelf(card.card(identity).shelf(), card.stock.clone()), Some(left.id))?;
        shelves::set_closing(tx, card.row)?;
    }
    Ok(())
}

/// Takes the number that leads to a retired card out of the directory where it stands.
pub(crate) fn leave_number(tx: &Transaction<'_>, card: i64, left_by: Option<i64>) -> Result<(), StoreError> {
    let Some(publication) = entries::publication(tx)?.filter(|publication| publication.card == card) else {
        return Ok(());
    };
    let card = shelves::by_row(tx, card)?.ok_or(StoreError::Row)?;
    withdraw_entries(tx, &card.relay, publication.number, left_by)?;
    entries::unpublish(tx)
}

/// The relay has closed something: if a move had left it behind, nothing of it is left here.
pub(crate) fn settled(tx: &Transaction<'_>, closing: &Closing) -> Result<(), StoreError> {
    let Target::Mailbox(id, _) = &closing.target else { return Ok(()) };
    match mailboxes::by_id(tx, id)?.map(|mailbox| (mailbox.row, mailbox.purpose)) {
        Some((_, Purpose::FrontDoor { card })) => shelves::remove(tx, card),
        Some((row, _)) => mailboxes::remove(tx, row),
        None => Ok(()),
    }
}
