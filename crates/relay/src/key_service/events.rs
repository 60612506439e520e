//! What a key service writes to the log: fixed texts, and the numbers of epochs, which the calendar gives.

sealpost_server::events! {
    /// The key of an epoch was made.
    INFO EpochMade {
        /// The epoch.
        epoch: u32
    } = "the key of an epoch was made";
    /// The key of an epoch that has closed was erased.
    INFO EpochErased {
        /// The epoch.
        epoch: u32
    } = "the epoch has closed: its key was erased";
    /// The directory of epoch keys cannot be used; said once for each outage.
    ERROR EpochsUnread {} = "the keys of epochs could not be looked after; those in use serve on, and check-config says more";
    /// What was spent of vouchers cannot be used; said once for each outage.
    ERROR VouchersOut {} = "what was spent of vouchers could not be read or written: requests are told to try later";
}
