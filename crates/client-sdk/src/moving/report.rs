//! How far a move is.

use rusqlite::Transaction;
use sealpost_wire::RelayRef;
use sealpost_wire::time::Day;

use crate::leaving::OptOutReport;
use crate::store::moves::MoveRow;
use crate::store::{StoreError, closings, entries, mailboxes, moves, shelves};

/// A move to another relay, and how far it is.
#[derive(Debug, Clone)]
pub struct Moving {
    /// The relay that is left.
    pub from: RelayRef,
    /// The relay that one's new mailboxes are on.
    pub to: RelayRef,
    /// When it was begun.
    pub began: Day,
    /// What was left behind is collected until this day, and closed then.
    pub closes: Day,
    /// What is being done.
    pub stage: MoveStage,
    /// How many contacts were to be told.
    pub contacts: usize,
    /// How many of them have been: a relay has stored it for them.
    pub told: usize,
    /// Whether one's own number still leads to the old relay; it does until that is closed. The number is not stored, and the
    /// new relay's directory is another one: publish it again there.
    pub number_left_behind: bool,
    /// What came of closing what was left behind, with the old relay's signed and verified statements.
    pub closing: OptOutReport,
}

/// What of a move is being done; the order is that of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MoveStage {
    /// Mailboxes and shelves are being opened at the new relay.
    Opening,
    /// Contacts are being told.
    Telling,
    /// What is still under way to the old relay is being waited for, and collected.
    Waiting,
    /// What was left behind is being closed.
    Closing,
    /// Nothing is left to be done.
    Done,
}

pub(super) fn all(tx: &Transaction<'_>) -> Result<Vec<Moving>, StoreError> {
    let rows = moves::all(tx)?;
    let newest = rows.last().map(|row| row.id);
    rows.into_iter().map(|row| report(tx, newest, row)).collect()
}

/// The stage of each move, by its number.
pub(crate) fn stages(tx: &Transaction<'_>) -> Result<Vec<(i64, MoveStage)>, StoreError> {
    let rows = moves::all(tx)?;
    let newest = rows.last().map(|row| row.id);
    rows.iter().map(|row| Ok((row.id, stage(tx, newest, row)?))).collect()
}

fn report(tx: &Transaction<'_>, newest: Option<i64>, row: MoveRow) -> Result<Moving, StoreError> {
    let stage = stage(tx, newest, &row)?;
    let untold = if newest == Some(row.id) { moves::count_untold(tx)? } else { 0 };
    let mut closings = closings::all(tx)?;
    closings.retain(|closing| closing.left_by == Some(row.id));
    let number = match entries::publication(tx)? {
        Some(publication) => shelves::by_row(tx, publication.card)?.is_some_and(|card| card.relay == row.source),
        None => false,
    };
    Ok(Moving {
        from: row.source,
        to: row.target,
        began: row.began,
        closes: row.closes,
        stage,
        contacts: row.contacts,
        told: row.contacts.saturating_sub(untold),
        number_left_behind: number,
        closing: OptOutReport::of(closings),
    })
}

/// What is next follows from what there is. Of a move on which another one followed, only the end is left.
fn stage(tx: &Transaction<'_>, newest: Option<i64>, row: &MoveRow) -> Result<MoveStage, StoreError> {
    let left = moves::count_left(tx, row.id)?;
    if left > 0 && newest == Some(row.id) {
        let cards = shelves::all(tx)?;
        let is_missing = cards.iter().any(|card| !card.retired && (!card.opened || card.renewed.is_none()));
        if is_missing || mailboxes::is_one_missing(tx)? {
            return Ok(MoveStage::Opening);
        }
        if moves::count_untold(tx)? > 0 {
            return Ok(MoveStage::Telling);
        }
    }
    let is_pending = closings::pending(tx)?.iter().any(|closing| closing.left_by == Some(row.id));
    Ok(match (left, is_pending) {
        (0, false) => MoveStage::Done,
        (0, true) => MoveStage::Closing,
        _ if closings::all(tx)?.iter().any(|closing| closing.left_by == Some(row.id)) => MoveStage::Closing,
        _ => MoveStage::Waiting,
    })
}
