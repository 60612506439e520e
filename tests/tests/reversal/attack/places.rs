//! Places in the directory, and whether a guess leads to one.

use std::collections::BTreeSet;

use sealpost_blind::directory::{Record, Slot};
use sealpost_blind::discovery::{KeyServices, Lookup};
use sealpost_blind::{Epoch, PrfOutput, PublicKey, Purpose, ServerKey};
use sealpost_wire::Secret;

use super::Guess;
use crate::loot::{Directory, Row};

/// All that can be recognized of the entries.
pub(super) struct Places {
    epoch: Epoch,
    tags: BTreeSet<Vec<u8>>,
    prefixes: BTreeSet<Vec<u8>>,
    slots: Vec<Slot>,
}

impl Places {
    pub(super) fn of(disk: &Directory) -> Self {
        let part = |range: std::ops::Range<usize>| move |row: &Row| row.key[range.clone()].to_vec();
        Self {
            epoch: disk.published.epoch,
            prefixes: disk.entries().map(part(0..4)).collect(),
            tags: disk.entries().map(part(4..20)).collect(),
            slots: disk.entries().map(|row| Slot::from_bytes(&row.value[..256]).unwrap()).collect(),
        }
    }

    /// Whether one of the outputs, or two of them in either order, or none, lead the guess to an entry.
    pub(super) fn any_holds(&self, guess: &Guess, outputs: &[PrfOutput]) -> bool {
        let none = std::iter::once(vec![]);
        let one = outputs.iter().map(|output| vec![output]);
        let two = outputs.iter().flat_map(|first| outputs.iter().map(move |second| vec![first, second]));
        none.chain(one).chain(two).any(|outputs| self.holds(&self.lookup(guess, &outputs)))
    }

    /// A tag is there, or a prefix, or a record that opens.
    fn holds(&self, Lookup { prefix, tag, key }: &Lookup) -> bool {
        self.tags.contains(tag.as_bytes().as_slice())
            || self.prefixes.contains(prefix.0.to_be_bytes().as_slice())
            || self.slots.iter().any(|slot| Record::open(slot, key).is_ok())
    }

    /// Where the outputs lead. It takes any keys to say how many outputs there are.
    fn lookup(&self, guess: &Guess, outputs: &[&PrfOutput]) -> Lookup {
        let services = KeyServices::new((1..).map(any_key).take(outputs.len()).collect()).unwrap();
        services.lookup(self.epoch, &guess.x, outputs).unwrap()
    }
}

fn any_key(seed: u8) -> PublicKey {
    ServerKey::derive(&Secret::new([seed; 32]), Purpose::Discovery(Epoch(0))).public()
}
