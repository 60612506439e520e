//! In which form a store is, and whether it is whole.

use redis::cmd;

use super::answer::{optional_bytes, text};
use super::keys::Keys;
use super::link::Link;
use super::open::{OpenError, refused};

/// The form that this program reads and writes.
const FORMAT: u32 = 1;

/// Looks whether this program can read a store, and whether it was filled to its end; an empty one is marked as this
/// program's.
pub(super) async fn settle(link: &Link, keys: &Keys) -> Result<(), OpenError> {
    let tag = keys.shared();
    let filling = link.ask(&tag, cmd("GET").arg(tag.key("f"))).await.map_err(refused("GET"))?;
    if optional_bytes(filling).map_err(refused("GET"))?.is_some() {
        return Err(OpenError::HalfFilled);
    }
    let set = cmd("SET").arg(tag.key("v")).arg(FORMAT).arg("NX").to_owned();
    link.ask(&tag, &set).await.map_err(refused("SET"))?;
    look(link, keys).await
}

/// The same of its form alone, and nothing is changed.
pub(super) async fn look(link: &Link, keys: &Keys) -> Result<(), OpenError> {
    let tag = keys.shared();
    let found = link.ask(&tag, cmd("GET").arg(tag.key("v"))).await.map_err(refused("GET"))?;
    let Some(format) = optional_bytes(found).map_err(refused("GET"))? else { return Ok(()) };
    let format = text(redis::Value::BulkString(format)).map_err(refused("GET"))?;
    match format.parse::<u32>() {
        Ok(FORMAT) => Ok(()),
        Ok(format) if format > FORMAT => Err(OpenError::Newer { format }),
        _ => Err(OpenError::Foreign(None)),
    }
}
