//! What a party holds, as whoever seizes it has it: bytes.

use std::collections::{BTreeMap, HashSet};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sealpost_blind::discovery::Descriptor;
use sealpost_blind::{Epoch, Purpose, ServerKey};
use sealpost_wire::Secret;
use sealpost_wire::directory::{BlindedElements, EvaluatedElements};
use sealpost_wire::manifest::EpochDescriptor;

/// A directory's disk, all that it was sent, and the descriptor of an epoch, which everyone has.
pub(crate) struct Directory {
    pub(crate) published: EpochDescriptor,
    /// Every row of every keyspace, key and value.
    pub(crate) rows: Vec<Row>,
    /// Every file as it is, and what came over the network.
    pub(crate) files: Files,
}

/// A row of the directory's database.
pub(crate) struct Row {
    pub(crate) keyspace: String,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// A key service's disk, and all that it was asked and answered.
pub(crate) struct KeyService {
    pub(crate) seen: Vec<(BlindedElements, EvaluatedElements)>,
    pub(crate) files: Files,
}

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

impl Directory {
    /// The descriptor as a client checks it.
    pub(crate) fn descriptor(&self) -> Descriptor {
        Descriptor::check(&self.published).unwrap()
    }

    /// The rows of entries in the epoch: prefix ‖ tag → slot ‖ entry hash ‖ day.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Row> {
        let name = format!("entries-{}", self.published.epoch.0);
        self.rows.iter().filter(move |row| row.keyspace == name)
    }

    /// The purpose of the epoch's keys.
    pub(crate) fn purpose(&self) -> Purpose {
        Purpose::Discovery(self.published.epoch)
    }

    /// Everything, in a row.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let rows = self.rows.iter().flat_map(|row| [&row.key, &row.value]);
        rows.chain(self.files.values()).flatten().copied().collect()
    }
}

impl KeyService {
    /// Takes any file that is long enough for a seed, which it may have as hexadecimal digits.
    pub(crate) fn of_any_file(bytes: &[u8], epoch: Epoch) -> Option<Self> {
        let digits = bytes.first_chunk::<64>().and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits).ok());
        let seed = digits.unwrap_or_else(|| bytes.to_vec());
        let line = HEXLOWER.encode(seed.first_chunk::<32>()?);
        Some(Self { seen: vec![], files: [(format!("epochs/{}.key", epoch.0), line.into_bytes())].into() })
    }

    /// All elements that it saw: those that it was asked to evaluate, and those that it answered.
    pub(crate) fn elements(&self) -> HashSet<&[u8]> {
        let bytes = self.seen.iter().flat_map(|(asked, answered)| [asked.as_bytes().as_slice(), answered.as_bytes()]);
        bytes.flat_map(|bytes| bytes.chunks(32)).collect()
    }

    /// The key of the epoch, out of its file: two lines of hexadecimal digits, the first one the seed.
    pub(crate) fn key(&self, purpose: Purpose) -> ServerKey {
        let Purpose::Discovery(epoch) = purpose else { unreachable!("these keys are for discovery") };
        let file = &self.files[&format!("epochs/{}.key", epoch.0)];
        let line = file.split(|byte| *byte == b'\n').next().unwrap();
        ServerKey::derive(&Secret::new(HEXLOWER.decode(line).unwrap().try_into().unwrap()), purpose)
    }
}
