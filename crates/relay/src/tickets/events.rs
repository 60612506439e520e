//! What issuing tickets writes to the log: fixed texts.

sealpost_server::events! {
    /// The directory of ticket keys cannot be used; said once for each outage.
    ERROR TicketKeysUnkept {} = "the keys of tickets could not be looked after; those in use serve on";
}
