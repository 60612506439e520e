//! What a client is told, and how long it waits.

use sealpost_server::Denial;
use sealpost_wire::request::Refusal;

use crate::attesting::NotAttested;
use crate::codes::{NotTaken, TooMany};
use crate::hashers::NotHashed;

/// Another request with the same code is being answered: it takes as long as this one would.
const IN_USE: u16 = 2;
/// Others prove their numbers.
const BUSY: u16 = 5;
/// Something that the attester needs is not there.
const OUT: u16 = 30;

pub(super) fn too_many(TooMany { wait }: TooMany) -> Denial {
    // Rounded up: who comes back then must not be told to wait again.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Denial { reason: Refusal::Limit, retry_after: Some(u16::try_from(seconds).unwrap_or(u16::MAX)) }
}

pub(super) const fn not_taken(why: NotTaken) -> Denial {
    match why {
        NotTaken::Wrong => Denial::of(Refusal::Denied),
        NotTaken::InUse => Denial::try_later(IN_USE),
    }
}

pub(super) const fn not_sent() -> Denial {
    Denial::try_later(OUT)
}

pub(super) const fn not_attested(why: NotAttested) -> Denial {
    match why {
        NotAttested::NoEpoch => Denial::of(Refusal::NoEpoch),
        NotAttested::Hash(NotHashed::Busy) => Denial::try_later(BUSY),
        NotAttested::Hash(NotHashed::OutOfMemory(_))
        | NotAttested::Unusable(_)
        | NotAttested::KeyService(_)
        | NotAttested::Proof => Denial::try_later(OUT),
    }
}
