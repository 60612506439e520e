//! The form of a card reference in a directory's record: always of one length.
//!
//! ```text
//! version      1      0x01
//! host length  1      n, at most 64
//! host         64     `host:port` in its one spelling, then zeros
//! operator     32
//! seed         32
//! stock hash   32
//! identity     32
//! zeros        14
//! ```
//!
//! A record is sealed, which detects what a checksum would.

use sealpost_wire::operator::OperatorKey;
use sealpost_wire::{RelayHost, RelayRef, Secret, StockHash};

use super::{CardError, CardRef, CardSeed};
use crate::keys::IdentityHash;

const VERSION: u8 = 1;
const ZEROS: usize = 14;

impl CardRef {
    /// The length of the form, in bytes.
    pub const RECORD_LENGTH: usize = 2 + RelayHost::MAX + 4 * 32 + ZEROS;

    /// The form for a record. It holds the seed.
    #[must_use]
    pub fn to_record(&self) -> Secret<{ Self::RECORD_LENGTH }> {
        let mut record = zeroize::Zeroizing::new([0; Self::RECORD_LENGTH]);
        let host = self.relay.host.as_str().as_bytes();
        // A host has at most 64 bytes, so its length fits one.
        let head = [VERSION, u8::try_from(host.len()).unwrap_or(u8::MAX)];
        let fill = [0; RelayHost::MAX];
        let fields = head
            .iter()
            .chain(host.iter().chain(&fill).take(RelayHost::MAX))
            .chain(self.relay.operator.as_bytes())
            .chain(self.seed.secret().expose())
            .chain(self.stock.as_bytes())
            .chain(self.identity.as_bytes());
        record.iter_mut().zip(fields).for_each(|(to, from)| *to = *from);
        Secret::new(*record)
    }

    /// Reads the form of a record that was opened.
    ///
    /// # Errors
    /// [`CardError::Version`], or [`CardError::Malformed`] for everything that [`CardRef::to_record`] does not make.
    pub fn from_record(record: &Secret<{ Self::RECORD_LENGTH }>) -> Result<Self, CardError> {
        match record.expose().split_first() {
            Some((&VERSION, fields)) => read(fields).ok_or(CardError::Malformed),
            Some((&version, _)) => Err(CardError::Version(version)),
            None => Err(CardError::Malformed),
        }
    }
}

fn read(fields: &[u8]) -> Option<CardRef> {
    let (&length, rest) = fields.split_first()?;
    let (host, rest) = rest.split_first_chunk::<{ RelayHost::MAX }>()?;
    let (host, fill) = host.split_at_checked(length.into())?;
    let (operator, rest) = rest.split_first_chunk::<32>()?;
    let (seed, rest) = rest.split_first_chunk::<32>()?;
    let (stock, rest) = rest.split_first_chunk::<32>()?;
    let (identity, zeros) = rest.split_first_chunk::<32>()?;
    let is_filled_with_zeros = fill.iter().chain(zeros).all(|byte| *byte == 0);
    is_filled_with_zeros.then_some(())?;
    Some(CardRef {
        relay: RelayRef { host: super::codec::read_host(host)?, operator: OperatorKey::from_bytes(operator)? },
        seed: CardSeed::new(Secret::new(*seed)),
        stock: StockHash::from_bytes(*stock),
        identity: IdentityHash::from_bytes(*identity),
    })
}

#[cfg(test)]
mod tests {
    use sealpost_wire::operator::OperatorSecret;

    use super::*;

    fn card(host: &str) -> CardRef {
        let operator = OperatorSecret::from_seed(&[1; 32]).public();
        CardRef {
            relay: RelayRef { host: host.parse().unwrap(), operator },
            seed: CardSeed::new(Secret::new([2; 32])),
            stock: StockHash::from_bytes([3; 32]),
            identity: IdentityHash::from_bytes([4; 32]),
        }
    }

    fn changed(offset: usize, byte: u8) -> Result<CardRef, CardError> {
        let mut bytes = *card("relay.example.org:443").to_record().expose();
        bytes[offset] = byte;
        CardRef::from_record(&Secret::new(bytes))
    }

    #[test]
    fn a_record_gives_its_card_back_whatever_its_host() {
        for host in ["[::1]:1".to_owned(), format!("{}.example:443", "a".repeat(52))] {
            let card = card(&host);
            assert!(CardRef::from_record(&card.to_record()) == Ok(card), "{host}");
        }
        assert_eq!(CardRef::RECORD_LENGTH, 208);
    }

    #[test]
    fn a_record_has_one_form() {
        assert!(changed(0, 2) == Err(CardError::Version(2)));
        // The host's length, its case, what fills it up, and what is behind everything.
        for (offset, byte) in [(1, 65), (1, 20), (2, b'R'), (60, 1), (207, 1)] {
            assert!(changed(offset, byte) == Err(CardError::Malformed), "byte {offset}");
        }
    }
}
