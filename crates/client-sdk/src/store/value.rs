//! How the protocol's types are kept in columns.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sealpost_wire::codec::exact;
use sealpost_wire::time::Day;
use sealpost_wire::to_bytes;

/// A value that is kept as its deterministic CBOR.
pub(super) struct Cbor<T>(pub(super) T);

impl<T: minicbor::Encode<()>> ToSql for Cbor<&T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(to_bytes(self.0)))
    }
}

impl<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>> FromSql for Cbor<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        exact(value.as_blob()?).map(Cbor).map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// A day, kept as its number.
pub(super) struct InDays(pub(super) Day);

impl ToSql for InDays {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.0))
    }
}

impl FromSql for InDays {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u32::column_result(value).map(|day| Self(Day(day)))
    }
}
