//! Slots that go from one master to another, as an operator's tools move them.

use std::io;

use crate::server::Server;

/// Keys that go at once.
const AT_ONCE: &[u8] = b"16";
/// How long some of them may take, in milliseconds.
const PATIENCE: &[u8] = b"5000";

/// Tells both masters that a slot is on its way: what is in it is still at `from`.
///
/// # Errors
/// One of them refuses.
pub fn begin_move(slot: u16, from: &Server, to: &Server) -> io::Result<()> {
    let (slot, from_id, to_id) = (slot.to_string(), from.node_id()?, to.node_id()?);
    to.tell(&[b"CLUSTER", b"SETSLOT", slot.as_bytes(), b"IMPORTING", from_id.as_bytes()])?;
    from.tell(&[b"CLUSTER", b"SETSLOT", slot.as_bytes(), b"MIGRATING", to_id.as_bytes()])?;
    Ok(())
}

/// Moves some of the keys of a slot that is on its way; tells whether there were any.
///
/// # Errors
/// One of both refuses.
pub fn move_some(slot: u16, from: &Server, to: &Server) -> io::Result<bool> {
    let slot = slot.to_string();
    let keys = from.tell_raw(&[b"CLUSTER", b"GETKEYSINSLOT", slot.as_bytes(), AT_ONCE])?;
    if keys.is_empty() {
        return Ok(false);
    }
    let port = to.address().port().to_string();
    let mut migrate: Vec<&[u8]> = vec![b"MIGRATE", b"127.0.0.1", port.as_bytes(), b"", b"0", PATIENCE, b"KEYS"];
    migrate.extend(keys.iter().map(Vec::as_slice));
    from.tell(&migrate)?;
    Ok(true)
}

/// Tells all that a slot has arrived, the new master first.
///
/// # Errors
/// A master refuses.
pub fn end_move(slot: u16, to: &Server, all: &[Server]) -> io::Result<()> {
    let (slot, id) = (slot.to_string(), to.node_id()?);
    let told: &[&[u8]] = &[b"CLUSTER", b"SETSLOT", slot.as_bytes(), b"NODE", id.as_bytes()];
    to.tell(told)?;
    let mut others = all.iter().filter(|server| server.address() != to.address() && server.is_master());
    others.try_for_each(|server| server.tell(told).map(drop))
}

/// Moves a slot with all that is in it.
///
/// # Errors
/// A server refuses.
pub fn move_slot(slot: u16, from: &Server, to: &Server, all: &[Server]) -> io::Result<()> {
    begin_move(slot, from, to)?;
    while move_some(slot, from, to)? {}
    end_move(slot, to, all)
}
