//! The reference of another server, or `""` for none.

use sealpost_wire::RelayRef;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(super) fn serialize<S: Serializer>(reference: &Option<RelayRef>, serializer: S) -> Result<S::Ok, S::Error> {
    match reference {
        Some(reference) => serializer.collect_str(reference),
        None => serializer.serialize_str(""),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RelayRef>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(D::Error::custom),
    }
}

/// References of other servers.
pub(super) mod list {
    use serde::Serialize;

    use super::{Deserialize, Deserializer, Error, RelayRef, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        references: &[RelayRef],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        references.iter().map(ToString::to_string).collect::<Vec<_>>().serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RelayRef>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}
