//! Tickets, what pays for them, and requests for them that were not answered yet.
//!
//! An issuer is named by its operator's key. A ticket is free, or reserved for one request, by a hash of what that request
//! is for; or it came with an item and is for one contact's front door.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_wire::Ticket;
use sealpost_wire::directory::{Epoch, SignedVoucher};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::ticket::{InviteCode, TicketKind};
use sealpost_wire::time::Day;

use super::StoreError;
use super::value::Cbor;
use crate::contact::ContactId;

/// What a request is for, as a hash: the same request gets the same ticket.
pub(crate) type Purpose = [u8; 16];

/// A key, as an issuer told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ToldKey {
    pub(crate) kind: TicketKind,
    pub(crate) first_day: Day,
    pub(crate) count: u16,
    pub(crate) key: [u8; 32],
}

/// What pays for tickets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Payment {
    /// Nothing: the issuer is open.
    Nothing,
    Invite(InviteCode),
    Attested(SignedVoucher),
    Renewal(Ticket),
}

/// A request for tickets, kept until it is answered so that the very same can be sent again.
pub(crate) struct Ask {
    /// What nonces and blinds come from.
    pub(crate) seed: [u8; 32],
    pub(crate) payment: Payment,
    pub(crate) keys: Vec<ToldKey>,
}

/// Puts tickets into the stock.
pub(crate) fn keep(tx: &Transaction<'_>, issuer: &OperatorKey, tickets: &[Ticket]) -> Result<(), StoreError> {
    tickets.iter().try_for_each(|ticket| insert(tx, issuer, ticket, None))
}

/// Puts by tickets for the front door of a contact, in place of those that are there.
pub(crate) fn keep_for(
    tx: &Transaction<'_>,
    contact: ContactId,
    issuer: &OperatorKey,
    tickets: &[Ticket],
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tickets WHERE contact = ?1 AND reserved IS NULL", [contact.0])?;
    tickets.iter().try_for_each(|ticket| insert(tx, issuer, ticket, Some(contact)))
}

fn insert(
    tx: &Transaction<'_>,
    issuer: &OperatorKey,
    ticket: &Ticket,
    contact: Option<ContactId>,
) -> Result<(), StoreError> {
    let (kind, first) = (ticket.kind(), ticket.first_day());
    let sql = "INSERT INTO tickets (issuer, kind, good_from, last_day, ticket, contact) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT DO NOTHING";
    let days = (kind.good_from(first).0, kind.last_day(first).0);
    let row = params![issuer.as_bytes(), kind.number(), days.0, days.1, ticket.to_bytes(), contact.map(|it| it.0)];
    tx.execute(sql, row)?;
    Ok(())
}

/// A ticket for that purpose: the one that is reserved for it, or a free one, which is reserved now.
pub(crate) fn reserve(
    tx: &Transaction<'_>,
    issuer: &OperatorKey,
    kind: TicketKind,
    today: Day,
    purpose: &Purpose,
) -> Result<Option<Ticket>, StoreError> {
    let sql = "SELECT id, ticket FROM tickets WHERE issuer = ?1 AND kind = ?2 AND contact IS NULL
               AND good_from <= ?3 AND last_day >= ?3 AND (reserved = ?4 OR reserved IS NULL)
               ORDER BY reserved IS NULL, last_day, random() LIMIT 1";
    let mut statement = tx.prepare_cached(sql)?;
    let row = params![issuer.as_bytes(), kind.number(), today.0, purpose];
    let found = statement.query_row(row, numbered).optional()?;
    reserve_found(tx, found, purpose)
}

/// The same of the tickets for a contact's front door.
pub(crate) fn reserve_for(
    tx: &Transaction<'_>,
    contact: ContactId,
    issuer: &OperatorKey,
    today: Day,
    purpose: &Purpose,
) -> Result<Option<Ticket>, StoreError> {
    let sql = "SELECT id, ticket FROM tickets WHERE contact = ?1 AND issuer = ?2 AND good_from <= ?3 AND last_day >= ?3
               AND (reserved = ?4 OR reserved IS NULL) ORDER BY reserved IS NULL, id LIMIT 1";
    let mut statement = tx.prepare_cached(sql)?;
    let row = params![contact.0, issuer.as_bytes(), today.0, purpose];
    let found = statement.query_row(row, numbered).optional()?;
    reserve_found(tx, found, purpose)
}

fn reserve_found(
    tx: &Transaction<'_>,
    found: Option<(i64, Vec<u8>)>,
    purpose: &Purpose,
) -> Result<Option<Ticket>, StoreError> {
    let Some((id, bytes)) = found else { return Ok(None) };
    tx.execute("UPDATE tickets SET reserved = ?2 WHERE id = ?1", params![id, purpose])?;
    read(&bytes).map(Some)
}

/// Takes out up to `most` free front-door tickets that are good until `last` at least.
pub(crate) fn take_for_items(
    tx: &Transaction<'_>,
    issuer: &OperatorKey,
    last: Day,
    most: u16,
) -> Result<Vec<Ticket>, StoreError> {
    let sql = "DELETE FROM tickets WHERE id IN (SELECT id FROM tickets WHERE issuer = ?1 AND kind = ?2
               AND contact IS NULL AND reserved IS NULL AND last_day >= ?3 ORDER BY random() LIMIT ?4) RETURNING ticket";
    let mut statement = tx.prepare_cached(sql)?;
    let row = params![issuer.as_bytes(), TicketKind::FrontDoor.number(), last.0, most];
    let taken = statement.query_map(row, |row| row.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    taken.iter().map(|bytes| read(bytes)).collect()
}

/// Throws away the ticket that was spent for a purpose, or was no good.
pub(crate) fn forget_for(tx: &Transaction<'_>, purpose: &Purpose) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tickets WHERE reserved = ?1", [purpose])?;
    Ok(())
}

/// Throws a ticket away that was spent, or is no good.
pub(crate) fn forget(tx: &Transaction<'_>, ticket: &Ticket) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tickets WHERE ticket = ?1", [ticket.to_bytes()])?;
    Ok(())
}

/// How many free tickets of a kind are good on a day.
pub(crate) fn count(tx: &Transaction<'_>, issuer: &OperatorKey, kind: TicketKind, day: Day) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM tickets WHERE issuer = ?1 AND kind = ?2 AND contact IS NULL AND reserved IS NULL
               AND good_from <= ?3 AND last_day >= ?3";
    Ok(tx.query_row(sql, params![issuer.as_bytes(), kind.number(), day.0], |row| row.get(0))?)
}

/// Throws away what is good no more, and what is remembered of keys that are over.
pub(crate) fn erase_past(tx: &Transaction<'_>, today: Day) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tickets WHERE last_day < ?1", [today.0])?;
    tx.execute("DELETE FROM ticket_keys WHERE last_day < ?1", [today.0])?;
    Ok(())
}

/// Keeps a code that an issuer's operator has given.
pub(crate) fn add_invite(tx: &Transaction<'_>, issuer: &OperatorKey, code: &InviteCode) -> Result<(), StoreError> {
    let sql = "INSERT INTO invites (issuer, code) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![issuer.as_bytes(), Cbor(code)])?;
    Ok(())
}

/// Takes out what pays for the next tickets: a renewal that is good, else a code.
pub(crate) fn take_payment(
    tx: &Transaction<'_>,
    issuer: &OperatorKey,
    today: Day,
) -> Result<Option<Payment>, StoreError> {
    let sql = "DELETE FROM tickets WHERE id = (SELECT id FROM tickets WHERE issuer = ?1 AND kind = ?2
               AND good_from <= ?3 AND last_day >= ?3 ORDER BY last_day LIMIT 1) RETURNING ticket";
    let row = params![issuer.as_bytes(), TicketKind::Renewal.number(), today.0];
    if let Some(bytes) = tx.query_row(sql, row, |row| row.get::<_, Vec<u8>>(0)).optional()? {
        return read(&bytes).map(Payment::Renewal).map(Some);
    }
    let sql = "DELETE FROM invites WHERE rowid = (SELECT rowid FROM invites WHERE issuer = ?1 LIMIT 1) RETURNING code";
    let code = tx.query_row(sql, [issuer.as_bytes()], |row| row.get(0)).optional()?;
    Ok(code.map(|Cbor(code)| Payment::Invite(code)))
}

/// Puts back what was not spent.
pub(crate) fn put_back(tx: &Transaction<'_>, issuer: &OperatorKey, payment: &Payment) -> Result<(), StoreError> {
    match payment {
        Payment::Nothing => Ok(()),
        Payment::Attested(word) => {
            let sql = "DELETE FROM shown_vouchers WHERE issuer = ?1 AND voucher = ?2";
            tx.execute(sql, params![issuer.as_bytes(), Cbor(word)])?;
            Ok(())
        }
        Payment::Invite(code) => add_invite(tx, issuer, code),
        Payment::Renewal(ticket) => keep(tx, issuer, std::slice::from_ref(ticket)),
    }
}

/// An attester's word for the issuer that is good today and was not shown before: it is good once.
pub(crate) fn fresh_word(
    tx: &Transaction<'_>,
    issuer: &OperatorKey,
    today: Day,
) -> Result<Option<SignedVoucher>, StoreError> {
    let sql = "SELECT epoch, voucher FROM vouchers WHERE service = ?1
               AND voucher NOT IN (SELECT voucher FROM shown_vouchers WHERE issuer = ?1) ORDER BY epoch";
    let mut statement = tx.prepare_cached(sql)?;
    let fresh = statement.query_map([issuer.as_bytes()], |row| Ok((Epoch(row.get(0)?), row.get(1)?)))?;
    let fresh = fresh.collect::<Result<Vec<_>, _>>()?.into_iter().find(|(epoch, _)| epoch.is_open(today));
    Ok(fresh.map(|(_, Cbor(word))| word))
}

/// Remembers a request until it is answered. There is one at a time for each issuer.
pub(crate) fn begin(tx: &Transaction<'_>, issuer: &OperatorKey, ask: &Ask) -> Result<(), StoreError> {
    let (invite, attested, renewal) = match &ask.payment {
        Payment::Nothing => (None, None, None),
        Payment::Invite(code) => (Some(Cbor(code)), None, None),
        Payment::Attested(word) => (None, Some(Cbor(word)), None),
        Payment::Renewal(ticket) => (None, None, Some(ticket.to_bytes())),
    };
    if let Payment::Attested(word) = &ask.payment {
        let sql = "INSERT INTO shown_vouchers (issuer, voucher) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        tx.execute(sql, params![issuer.as_bytes(), Cbor(word)])?;
    }
    let keys: Vec<u8> = ask.keys.iter().flat_map(told_bytes).collect();
    let sql = "INSERT INTO ticket_asks (issuer, seed, invite, attested, renewal, keys) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.execute(sql, params![issuer.as_bytes(), ask.seed, invite, attested, renewal, keys])?;
    Ok(())
}

/// The request that waits for its answer.
pub(crate) fn pending(tx: &Transaction<'_>, issuer: &OperatorKey) -> Result<Option<Ask>, StoreError> {
    let sql = "SELECT seed, invite, attested, renewal, keys FROM ticket_asks WHERE issuer = ?1";
    let read = |row: &Row<'_>| {
        let invite = row.get::<_, Option<Cbor<InviteCode>>>(1)?.map(|Cbor(code)| Payment::Invite(code));
        let attested = row.get::<_, Option<Cbor<SignedVoucher>>>(2)?.map(|Cbor(word)| Payment::Attested(word));
        let renewal = row.get::<_, Option<Vec<u8>>>(3)?;
        Ok((row.get(0)?, invite.or(attested), renewal, row.get::<_, Vec<u8>>(4)?))
    };
    let Some((seed, payment, renewal, keys)) = tx.query_row(sql, [issuer.as_bytes()], read).optional()? else {
        return Ok(None);
    };
    let renewal = renewal.map(|bytes| self::read(&bytes).map(Payment::Renewal)).transpose()?;
    let payment = payment.or(renewal).unwrap_or(Payment::Nothing);
    Ok(Some(Ask { seed, payment, keys: told_keys(&keys).ok_or(StoreError::Row)? }))
}

/// The request was answered, or will not be made any more.
pub(crate) fn end(tx: &Transaction<'_>, issuer: &OperatorKey) -> Result<(), StoreError> {
    tx.execute("DELETE FROM ticket_asks WHERE issuer = ?1", [issuer.as_bytes()])?;
    Ok(())
}

/// Remembers the keys that an issuer told; tells whether each is the one that it told before for that kind and day.
pub(crate) fn note_keys(tx: &Transaction<'_>, issuer: &OperatorKey, keys: &[ToldKey]) -> Result<bool, StoreError> {
    let insert = "INSERT INTO ticket_keys (issuer, kind, first_day, last_day, key) VALUES (?1, ?2, ?3, ?4, ?5)
                  ON CONFLICT DO NOTHING";
    let known = "SELECT key FROM ticket_keys WHERE issuer = ?1 AND kind = ?2 AND first_day = ?3";
    for ToldKey { kind, first_day, count: _, key } in keys {
        let last = kind.last_day(*first_day).0;
        tx.execute(insert, params![issuer.as_bytes(), kind.number(), first_day.0, last, key])?;
        let name = params![issuer.as_bytes(), kind.number(), first_day.0];
        if tx.query_row(known, name, |row| row.get::<_, [u8; 32]>(0))? != *key {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When the stock at an issuer is to be filled up, in seconds since 1970, if that was drawn.
pub(crate) fn refill_at(tx: &Transaction<'_>, issuer: &OperatorKey) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT at FROM ticket_refills WHERE issuer = ?1";
    Ok(tx.query_row(sql, [issuer.as_bytes()], |row| row.get(0)).optional()?)
}

pub(crate) fn set_refill(tx: &Transaction<'_>, issuer: &OperatorKey, at: Option<i64>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM ticket_refills WHERE issuer = ?1", [issuer.as_bytes()])?;
    if let Some(at) = at {
        tx.execute("INSERT INTO ticket_refills (issuer, at) VALUES (?1, ?2)", params![issuer.as_bytes(), at])?;
    }
    Ok(())
}

fn numbered(row: &Row<'_>) -> rusqlite::Result<(i64, Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn read(bytes: &[u8]) -> Result<Ticket, StoreError> {
    Ticket::from_bytes(bytes).ok_or(StoreError::Row)
}

/// The length of a told key in the store.
const TOLD: usize = 1 + 4 + 2 + 32;

fn told_bytes(told: &ToldKey) -> impl Iterator<Item = u8> {
    let ToldKey { kind, first_day, count, key } = *told;
    [kind.number()].into_iter().chain(first_day.0.to_be_bytes()).chain(count.to_be_bytes()).chain(key)
}

fn told_keys(bytes: &[u8]) -> Option<Vec<ToldKey>> {
    let (keys, rest) = bytes.as_chunks::<TOLD>();
    rest.is_empty().then(|| keys.iter().map(told_key).collect::<Option<_>>())?
}

fn told_key(bytes: &[u8; TOLD]) -> Option<ToldKey> {
    let (kind, rest) = bytes.split_first()?;
    let (first_day, rest) = rest.split_first_chunk()?;
    let (count, key) = rest.split_first_chunk()?;
    Some(ToldKey {
        kind: TicketKind::of(*kind)?,
        first_day: Day(u32::from_be_bytes(*first_day)),
        count: u16::from_be_bytes(*count),
        key: key.try_into().ok()?,
    })
}
