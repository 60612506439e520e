//! What is in an archive.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::time::Day;

use crate::store::dump::{Part, Record};

/// Whose archive it is.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Start {
    /// The operator's key.
    #[n(0)]
    pub(crate) operator: OperatorKey,
    /// `host:port` by which clients reach the server.
    #[n(1)]
    pub(crate) host: String,
    /// The day on which it was made.
    #[n(2)]
    pub(crate) made: Day,
    /// Which part of the server it holds.
    #[n(3)]
    pub(crate) part: Part,
}

/// A file of the server's, by what it is for.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct File {
    /// What it is for, and below that its name.
    #[n(0)]
    pub(crate) name: String,
    /// What is in it.
    #[n(1)]
    pub(crate) bytes: ByteVec,
}

/// One thing in an archive.
#[derive(Encode, Decode)]
pub(super) enum Item {
    /// The first.
    #[n(0)]
    Start(#[n(0)] Start),
    /// A file.
    #[n(1)]
    File(#[n(0)] File),
    /// Something from the store.
    #[n(2)]
    Record(#[n(0)] Record),
    /// The last.
    #[n(3)]
    End {
        /// How many records there are.
        #[n(0)]
        records: u64,
        /// The operator's signature over BLAKE3 of all items before, with their lengths.
        #[n(1)]
        signature: ByteVec,
    },
}
