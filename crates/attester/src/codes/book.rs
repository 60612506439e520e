//! What is known of the numbers of one day.

use std::collections::HashMap;
use std::time::Duration;

use rand::CryptoRng;
use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::Code;
use sealpost_wire::Secret;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::{CodeId, GOOD_FOR, NotTaken, TRIES};

/// A number's name for a day. Who has the day key can try all numbers; it is wiped when the day and its codes are over.
pub(super) type Name = [u8; 32];

/// The numbers that codes were drawn for in one day.
pub(super) struct Book {
    key: Secret<32>,
    pub(super) began: Duration,
    /// How many codes were drawn.
    pub(super) drawn: u32,
    numbers: HashMap<Name, Number>,
}

#[derive(Default)]
struct Number {
    drawn: u8,
    live: Option<Live>,
}

/// A code that may be good still.
pub(super) struct Live {
    pub(super) code: Code,
    pub(super) serial: u64,
    pub(super) since: Duration,
    pub(super) wrong: u8,
    /// Whether a request that showed it is being answered.
    pub(super) held: bool,
}

impl Book {
    pub(super) fn new(began: Duration, rng: &mut impl CryptoRng) -> Self {
        Self { key: Secret::random(rng), began, drawn: 0, numbers: HashMap::new() }
    }

    pub(super) fn name(&self, number: &PhoneNumber) -> Name {
        let mut hasher = blake3::Hasher::new_keyed(self.key.expose());
        let name = *hasher.update(number.expose_e164().as_bytes()).finalize().as_bytes();
        // It still holds the number.
        hasher.zeroize();
        name
    }

    pub(super) fn drawn_for(&self, name: &Name) -> u8 {
        self.numbers.get(name).map_or(0, |number| number.drawn)
    }

    /// Takes a code over that was just drawn.
    pub(super) fn put(&mut self, name: Name, live: Live) {
        let number = self.numbers.entry(name).or_default();
        number.drawn += 1;
        number.live = Some(live);
        self.drawn += 1;
    }

    /// Undoes [`put`](Self::put), if it was here. A code that was put later stays.
    pub(super) fn unput(&mut self, id: &CodeId) {
        self.end(id);
        let Some(number) = self.numbers.get_mut(&id.name) else { return };
        number.drawn = number.drawn.saturating_sub(1);
        self.drawn = self.drawn.saturating_sub(1);
        if number.drawn == 0 {
            self.numbers.remove(&id.name);
        }
    }

    pub(super) fn take(&mut self, name: Name, shown: &Code, now: Duration) -> Result<CodeId, NotTaken> {
        let number = self.numbers.get_mut(&name).ok_or(NotTaken::Wrong)?;
        number.live.take_if(|live| live.is_over(now));
        let live = number.live.as_mut().ok_or(NotTaken::Wrong)?;
        if !live.is(shown) {
            live.wrong += 1;
            number.live.take_if(|live| live.wrong >= TRIES);
            return Err(NotTaken::Wrong);
        }
        if live.held {
            return Err(NotTaken::InUse);
        }
        live.held = true;
        Ok(CodeId { name, serial: live.serial })
    }

    pub(super) fn live(&mut self, id: &CodeId) -> Option<&mut Live> {
        self.numbers.get_mut(&id.name)?.live.as_mut().filter(|live| live.serial == id.serial)
    }

    /// Wipes this code, unless another has taken its place.
    pub(super) fn end(&mut self, id: &CodeId) {
        if self.live(id).is_some() {
            self.forget(&id.name);
        }
    }

    /// Wipes a number's code; how many it had stays known.
    pub(super) fn forget(&mut self, name: &Name) {
        if let Some(number) = self.numbers.get_mut(name) {
            number.live = None;
        }
    }

    /// Wipes codes that are over.
    pub(super) fn sweep(&mut self, now: Duration) {
        for number in self.numbers.values_mut() {
            number.live.take_if(|live| live.is_over(now));
        }
    }

    /// How many numbers are known.
    #[cfg(test)]
    pub(super) fn numbers(&self) -> usize {
        self.numbers.len()
    }

    /// Whether no code is left.
    pub(super) fn is_spent(&self) -> bool {
        self.numbers.values().all(|number| number.live.is_none())
    }
}

impl Live {
    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) >= GOOD_FOR
    }

    /// Compares without telling by its timing how much agreed.
    fn is(&self, shown: &Code) -> bool {
        self.code.expose().as_bytes().ct_eq(shown.expose().as_bytes()).into()
    }
}
