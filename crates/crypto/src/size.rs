//! Which size class a message needs, told before anything is sealed.
//!
//! The class depends on nothing but the content's length, the route and whether the session is still unanswered. What
//! the layers between add is counted at its measured most, so that the ratchet's state does not show in the class.

use sealpost_wire::SizeClass;

use crate::content::{Content, Parties, write};
use crate::outer;
use crate::route::Route;
use crate::session::Session;

/// What session and sender's seal add at most while the session is unanswered: the certificate, two public keys, a Kyber
/// ciphertext, the ratchets' fields and CBC's padding.
pub(crate) const FIRST_OVERHEAD: usize = 2_176;
/// What they add at most afterwards.
pub(crate) const LATER_OVERHEAD: usize = 512;

/// The class of the envelope that [`seal`](crate::seal()) makes of this content; `None` if no class holds it, which
/// no text of at most [`MAX_TEXT`](crate::content::MAX_TEXT) bytes needs.
#[must_use]
pub fn class_of(content: &Content, session: &Session, route: &Route<'_>) -> Option<SizeClass> {
    // Ids have one length, so anyone's serve to measure.
    let anyone = session.peer().person();
    class_of_length(write(content, &Parties::new(anyone, anyone)).len(), session.is_unanswered(), route)
}

pub(crate) fn class_of_length(length: usize, unanswered: bool, route: &Route<'_>) -> Option<SizeClass> {
    let overhead = if unanswered { FIRST_OVERHEAD } else { LATER_OVERHEAD };
    let needed = length.saturating_add(overhead);
    SizeClass::ALL.into_iter().find(|class| needed <= outer::room(*class, route))
}
