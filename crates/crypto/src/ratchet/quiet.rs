//! Panics of the ratchet, caught and kept quiet.
//!
//! A malformed field makes the post-quantum ratchet panic before any authentication is checked, so a stranger who has a
//! card can cause it at will. [`caught`] makes it a refusal. But the process's panic hook runs before a panic is caught
//! and prints its message, which libsignal may have made of an address or a key; a program that calls [`quiet_panics`]
//! prints nothing for these.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

#[cfg(not(panic = "unwind"))]
compile_error!("sealpost-crypto must be built with panic = \"unwind\": strangers can make the ratchet panic");

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Says that this thread is inside [`caught`], for as long as it lives.
struct Within(bool);

impl Within {
    fn enter() -> Self {
        Self(WITHIN.replace(true))
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        WITHIN.set(self.0);
    }
}

/// Runs `work`; `None` if it panics. Whatever `work` changes is thrown away by the caller then, so that no state is seen
/// half changed; the panic's message is dropped unread.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let _within = Within::enter();
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Keeps the process's panic hook from printing panics of the ratchet, which are caught and reported as invalid
/// messages. All other panics go to the hook that was there before.
///
/// The hook is the process's, so this is the program's to call, once, before it opens anything and after it has set a
/// hook of its own. A second call does nothing.
pub fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !WITHIN.get() {
                before(panic);
            }
        }));
    });
}
