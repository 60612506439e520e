//! Consent: the recorded opt-in, one scope at a time, as values that cannot be had otherwise.
//!
//! A [`Consent<S>`] is made of a [`Prompt<S>`], the text that was shown, and the day of the answer. What needs consent
//! takes `&Consent<S>`, so code that has not asked does not compile:
//!
//! ```compile_fail
//! use sealpost_identity::consent::{Consent, Discovery, Messaging, Prompt};
//! use sealpost_wire::time::Day;
//!
//! fn look_up_contacts(_: &Consent<Discovery>) {}
//! let messaging = Consent::given(Prompt::<Messaging>::standard(), Day(20_000));
//! look_up_contacts(&messaging);
//! ```

mod record;
mod scope;

use std::marker::PhantomData;

use sealpost_wire::time::Day;
use thiserror::Error;

pub use record::{ConsentRecord, RestoreError};
pub use scope::{Discovery, Messaging, Scope, ScopeName, SmsFallback};

/// The text that asks for one scope, and its version.
///
/// An app that shows a text of its own, translated for instance, gives each change of it a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt<S: Scope> {
    text: Box<str>,
    version: u32,
    scope: PhantomData<S>,
}

/// A prompt must say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a prompt for consent has from 1 to {} bytes of text", ConsentRecord::MAX_TEXT)]
pub struct NotAPrompt;

/// That someone agreed to one scope: to which text, in which version, on which day.
///
/// It cannot be copied; [`Consent::revoke`] consumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Consent<S: Scope> {
    prompt: Prompt<S>,
    day: Day,
}

/// That a consent was taken back, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked<S: Scope> {
    day: Day,
    scope: PhantomData<S>,
}

impl<S: Scope> Prompt<S> {
    /// The text that an app will show.
    ///
    /// # Errors
    /// [`NotAPrompt`] when it is empty or longer than a record can hold.
    pub fn new(text: &str, version: u32) -> Result<Self, NotAPrompt> {
        if text.trim().is_empty() || text.len() > ConsentRecord::MAX_TEXT {
            return Err(NotAPrompt);
        }
        Ok(Self { text: text.into(), version, scope: PhantomData })
    }

    /// This crate's own English text for the scope.
    #[must_use]
    pub fn standard() -> Self {
        Self { text: S::TEXT.into(), version: S::TEXT_VERSION, scope: PhantomData }
    }

    /// What is to be shown.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which version of it.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }
}

impl<S: Scope> Consent<S> {
    /// Call it when the prompt's text was shown and the person answered yes.
    #[must_use]
    pub const fn given(prompt: Prompt<S>, day: Day) -> Self {
        Self { prompt, day }
    }

    /// What was shown.
    #[must_use]
    pub const fn prompt(&self) -> &Prompt<S> {
        &self.prompt
    }

    /// When it was given.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// Takes it back. Whatever holds a consent must give it up first.
    #[must_use]
    pub fn revoke(self, day: Day) -> Revoked<S> {
        Revoked { day, scope: PhantomData }
    }
}

impl<S: Scope> Revoked<S> {
    /// When it was taken back.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }
}
