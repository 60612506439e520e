//! A code while the request that shows it is being answered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::Code;

use crate::codes::{CodeId, Codes, NotTaken};

/// A right code that nobody else can use meanwhile. However the request ends, unless it has
/// [served](Self::has_served) the code is as good as before.
pub(super) struct Shown<'c> {
    codes: &'c Mutex<Codes>,
    id: Option<CodeId>,
}

impl<'c> Shown<'c> {
    pub(super) fn new(
        codes: &'c Mutex<Codes>,
        number: &PhoneNumber,
        code: &Code,
        uptime: Duration,
    ) -> Result<Self, NotTaken> {
        let id = codes.lock().unwrap_or_else(PoisonError::into_inner).take(number, code, uptime)?;
        Ok(Self { codes, id: Some(id) })
    }

    /// Ends the code.
    pub(super) fn has_served(mut self) {
        self.end(Codes::spend);
    }

    fn end(&mut self, how: fn(&mut Codes, CodeId)) {
        if let Some(id) = self.id.take() {
            how(&mut self.codes.lock().unwrap_or_else(PoisonError::into_inner), id);
        }
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.end(Codes::give_back);
    }
}
