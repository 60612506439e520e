//! What an app can set, with defaults that are safe.

use std::time::Duration;

use sealpost_identity::Tripwire;
use sealpost_wire::RelayRef;

use crate::policy::Pace;

use crate::regions::Regions;

/// How a profile is used. The defaults are safe; only the tripwire's numbers must come from the app.
///
/// ```
/// use sealpost_client::Options;
/// use sealpost_identity::tripwire::{OwnNumber, Tripwire};
/// use sealpost_identity::Imei;
///
/// let imei = Imei::parse("490154203237518")?;
/// let options = Options { tripwire: Tripwire::new([OwnNumber::Imei(imei)]), ..Options::default() };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    /// The device's own numbers: bytes in which one appears are not sent. Not stored; hand it in at every start.
    pub tripwire: Tripwire,
    /// Where one's own relays may keep data. Not stored; hand it in at every start.
    pub regions: Regions,
    /// Whether a server that somebody else has named, a contact's relay or a key service, may be contacted at a private
    /// address, such as one's own network's.
    pub private_relays: bool,
    /// How long a missing message is waited for, from when everything there is has been collected.
    pub gap_wait: Duration,
    /// Over how long a time closing requests are spread when leaving, so that they do not link what they close.
    pub leaving_spread: Duration,
    /// Within which time a contact is told what has arrived and was read, where that is turned on; at a random time.
    pub receipt_within: Duration,
    /// How long until a spare mailbox is opened: the mean of a random time.
    pub spare_pace: Duration,
    /// Within which time a contact hears of a fresh mailbox, by a message made for it where none is written before.
    pub announce_within: Duration,
    /// How long a look-up pauses before it reads another bucket: the mean of a random time. Zero reads all at once, which
    /// shows the directory more of what belongs together.
    pub lookup_pace: Duration,
    /// A proxy of Oblivious HTTP, of another operator than the relays': what is deposited, taken and looked up goes through
    /// it, and nothing of that goes around it. The profile remembers it; `None` leaves what it remembers.
    pub proxy: Option<RelayRef>,
    /// How fast the clocks go by which mailboxes are collected apart.
    pub pace: Pace,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tripwire: Tripwire::new([]),
            regions: Regions::any(),
            private_relays: false,
            gap_wait: Duration::from_secs(60),
            leaving_spread: Duration::from_secs(60),
            receipt_within: Duration::from_secs(600),
            spare_pace: Duration::from_secs(3 * 3_600),
            announce_within: Duration::from_secs(12 * 3_600),
            lookup_pace: Duration::from_millis(500),
            proxy: None,
            pace: Pace::default(),
        }
    }
}
