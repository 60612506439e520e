//! What stands somewhere in the clear, or under a hash that needs no key but what lies beside it.

use std::collections::{BTreeSet, HashSet};

use sealpost_identity::traces::{Traces, Value};

use super::{Dictionary, Reversed};
use crate::loot::Files;

/// So many bytes of a keyed hash are looked for.
const RECOGNIZED: usize = 8;

/// Numbers that stand in the bytes in any way of writing, or hashed without a salt, or with the epoch's.
pub(super) fn bytes(bytes: &[u8], dictionary: &Dictionary) -> Reversed {
    let numbers = dictionary.guesses.iter().map(|guess| Value::from(&guess.phone));
    let hashes = dictionary.guesses.iter().map(|guess| Value::bytes(guess.x.secret().expose()));
    let values: Vec<_> = numbers.chain(hashes).collect();
    let found = Traces::of(values.iter()).unwrap().find(bytes);
    let guess = |value: usize| &dictionary.guesses[value % dictionary.guesses.len()];
    found.into_iter().map(|found| guess(found.value).number.clone()).collect()
}

/// The same over files, and their names.
pub(super) fn files(files: &Files, dictionary: &Dictionary) -> Reversed {
    files.iter().flat_map(|(name, content)| bytes(&[name.as_bytes(), content].concat(), dictionary)).collect()
}

/// Numbers, and their slow hashes, that stand there hashed under a key which stands there too.
pub(super) fn keyed(files: &Files, dictionary: &Dictionary) -> Reversed {
    let all: Vec<_> = files.values().flatten().copied().collect();
    let windows: HashSet<&[u8]> = all.windows(RECOGNIZED).collect();
    let keys: BTreeSet<&[u8; 32]> = all.windows(32).filter_map(|window| window.try_into().ok()).collect();
    let is_there =
        |key: &[u8; 32], value: &[u8]| windows.contains(&blake3::keyed_hash(key, value).as_bytes()[..RECOGNIZED]);
    let stands = |number: &str, x: &[u8]| keys.iter().any(|key| is_there(key, number.as_bytes()) || is_there(key, x));
    dictionary.numbers_where(|guess| stands(&guess.number, guess.x.secret().expose()))
}
