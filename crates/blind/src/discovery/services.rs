//! What the key services' answers become.

use std::sync::LazyLock;

use blake3::Hasher;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use super::Stretched;
use crate::Epoch;
use crate::directory::{BucketPrefix, RecordKey, Tag};
use crate::element::PublicKey;
use crate::output::PrfOutput;

static CONTEXT: LazyLock<Hasher> = LazyLock::new(|| Hasher::new_derive_key("sealpost v1 discovery"));

/// The key services of one epoch, as its descriptor lists them.
///
/// Two, with different operators, is what discovery promises most with; one or none is for a private deployment, whose
/// clients say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyServices(Vec<PublicKey>);

/// Why a list of keys is not one of key services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyServicesError {
    /// There are more than two.
    #[error("an epoch has at most two key services")]
    TooMany,
    /// Both have one key, so they are one service that counts twice.
    #[error("both key services have the same key")]
    SameKey,
}

/// An output is missing or too many: each key service of the epoch gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("every key service of the epoch gives one output")]
pub struct OutputsMissing;

/// What finds a number in the directory and opens what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Which bucket, once the directory says how many there are.
    pub prefix: BucketPrefix,
    /// Which slot of the bucket.
    pub tag: Tag,
    /// What opens the slot's record, or seals it when publishing.
    pub key: RecordKey,
}

impl KeyServices {
    /// Checks a descriptor's list.
    ///
    /// # Errors
    /// [`KeyServicesError`] if there are more than two or one stands twice.
    pub fn new(keys: Vec<PublicKey>) -> Result<Self, KeyServicesError> {
        match keys.as_slice() {
            [first, second] if first == second => Err(KeyServicesError::SameKey),
            [] | [_] | [_, _] => Ok(Self(keys)),
            _ => Err(KeyServicesError::TooMany),
        }
    }

    /// The services' keys, in the descriptor's order.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.0
    }

    /// Joins both factors into the place of a number in the epoch's directory.
    ///
    /// `outputs` are those of [`Self::keys`], in that order, for the value `stretched`.
    ///
    /// # Errors
    /// [`OutputsMissing`] unless there are as many as keys: a service that did not answer is not a service less.
    pub fn lookup(
        &self,
        epoch: Epoch,
        stretched: &Stretched,
        outputs: &[&PrfOutput],
    ) -> Result<Lookup, OutputsMissing> {
        if outputs.len() != self.0.len() {
            return Err(OutputsMissing);
        }
        Ok(Lookup::split(&derive(epoch, stretched, outputs)))
    }
}

impl Lookup {
    fn split(okm: &[u8; 52]) -> Self {
        let (mut prefix, mut tag, mut key) = ([0; 4], [0; 16], Zeroizing::new([0; 32]));
        let bytes = prefix.iter_mut().chain(&mut tag).chain(key.iter_mut());
        bytes.zip(okm).for_each(|(to, from)| *to = *from);
        Self { prefix: BucketPrefix(u32::from_be_bytes(prefix)), tag: Tag::from_bytes(tag), key: RecordKey::new(*key) }
    }
}

fn derive(Epoch(epoch): Epoch, stretched: &Stretched, outputs: &[&PrfOutput]) -> Zeroizing<[u8; 52]> {
    let mut hasher = Hasher::clone(&CONTEXT);
    hasher.update(&epoch.to_be_bytes());
    // At most two, so it fits a byte.
    hasher.update(&[u8::try_from(outputs.len()).unwrap_or(u8::MAX)]);
    hasher.update(stretched.secret().expose());
    outputs.iter().for_each(|output| _ = hasher.update(output.expose()));
    let mut okm = Zeroizing::new([0; 52]);
    let mut reader = hasher.finalize_xof();
    reader.fill(okm.as_mut());
    // Both still hold what went in.
    hasher.zeroize();
    reader.zeroize();
    okm
}
