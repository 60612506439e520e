//! What the manifest says of an attester, whose default name is another than a relay's.

use sealpost_server::config::Public;
use serde::{Deserialize, Deserializer};

pub(super) fn default() -> Public {
    Public { name: "A Sealpost attester".into(), ..Public::default() }
}

/// Reads a table of some of the options; the others are an attester's.
pub(super) fn attesters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Public, D::Error> {
    let read = Public::deserialize(deserializer)?;
    // Nobody would call an attester that.
    let unnamed = read.name == Public::default().name;
    Ok(if unnamed { Public { name: default().name, ..read } } else { read })
}
