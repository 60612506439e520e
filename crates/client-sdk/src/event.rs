//! What the engine tells, as it happens.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::stream::unfold;
use sealpost_crypto::MessageId;
use sealpost_identity::tripwire::Tripped;
use sealpost_wire::RelayHost;
use sealpost_wire::time::Day;
use tokio::sync::broadcast;

use crate::contact::ContactId;
use crate::error::ErrorKind;
use crate::message::{FailureReason, Position};
use crate::moving::MoveStage;

/// Something that happened. Events are hints: what matters is in the store and survives a missed event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connection to one's own relay came or went.
    Connection(Connection),
    /// A message arrived; [`crate::Client::messages_after`] gives it.
    Received {
        /// Its place.
        position: Position,
        /// Who wrote it.
        contact: ContactId,
    },
    /// Somebody who is not a contact wrote for the first time.
    ContactRequest(ContactId),
    /// A relay has durably stored a message for its recipient.
    Accepted(MessageId),
    /// A message will not be sent.
    Failed(MessageId, FailureReason),
    /// Messages to a contact wait for this reason; they are tried again by themselves.
    Waiting(ContactId, WaitReason),
    /// Messages of this contact are missing, and later ones are shown without them from now on.
    Gap {
        /// Whose.
        contact: ContactId,
        /// How many.
        missing: u64,
    },
    /// A contact has told which of one's messages they have received or read: see [`crate::Message::state`].
    Receipt(ContactId),
    /// A contact is writing something.
    Typing(ContactId),
    /// Something arrived that cannot be opened, and was recorded and discarded.
    Unopened,
    /// The tripwire stopped bytes in which one of the device's own numbers appears.
    TripwireHit(Tripped),
    /// One's own number can be found in the directory from now on.
    Listed,
    /// Another entry stands under one's own number; on this day one's own takes its place, if the other's owner does not
    /// prove the number anew.
    NumberWaiting {
        /// The first day on which it can.
        from: Day,
    },
    /// Somebody else has proved one's own number. On this day their entry takes the place of one's own, unless the number is
    /// proved anew before.
    NumberClaimed {
        /// The first day on which it can.
        until: Day,
    },
    /// One's own number is not listed from this day on, unless it is proved anew (where the directory wants no proof:
    /// published again).
    NumberProofDue {
        /// The first day on which it is not listed.
        by: Day,
    },
    /// One's own number cannot be listed for this reason, which does not pass by itself; the engine tries again.
    DirectoryTrouble(ErrorKind),
    /// The number by which this contact was found leads to another identity by now: a new phone, a new owner, or somebody who
    /// pretends to be them. The contact is as it was. See [`crate::Client::accept_new_identity`].
    IdentityChanged {
        /// Who was found before.
        contact: ContactId,
    },
    /// A move to another relay has come so far.
    Moving(MoveStage),
    /// A relay of one's own keeps its data, as its signed manifest says by now, where [`crate::Options::regions`] does not
    /// allow it. Nothing is opened or put there; what was there before is collected on. See [`crate::Client::move_to`].
    RegionNotAllowed {
        /// Which relay.
        relay: RelayHost,
        /// Where.
        region: String,
    },
    /// A server asks for tickets and there are none: [`ErrorKind::NeedsTickets`] says what helps, or
    /// [`ErrorKind::IssuerRefused`]. What was to be opened or published there waits; nothing is lost.
    NeedsTickets {
        /// Which server.
        server: RelayHost,
        /// Why there are none.
        reason: ErrorKind,
    },
    /// The relay is not to be trusted: its key or manifest is not what was pinned. Nothing was sent to it.
    RelayNotTrusted,
    /// The store does not work; the engine tries again. Nothing is acknowledged to the relay until it does.
    StoreTrouble(ErrorKind),
    /// So many events were dropped because they were not read in time.
    Missed(u64),
}

/// The connection to one's own relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connection {
    /// No engine runs in this process, or another process's engine does the work.
    Idle,
    /// There is none; it is tried again by itself.
    Offline,
    /// The proxy cannot be reached, is not the one that was named, or does not reach the relay. Nothing goes around it: what
    /// is to go through it waits, and it is tried again by itself.
    NoProxy,
    /// All mailboxes are being collected; what lay there may still be arriving. Apart, not each has been asked for yet.
    Online,
    /// All that lay there has arrived, and one's card leads to a stocked shelf. Apart, it had when each mailbox was asked for
    /// last.
    CaughtUp,
}

/// Why messages to a contact wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitReason {
    /// Their relay cannot be reached.
    Unreachable,
    /// Their mailbox is full until they collect it.
    Full,
    /// Their relay asks to wait.
    TryLater,
    /// Their card leads nowhere yet, and nothing was ever exchanged with them: they may not have been online since they
    /// made it. After a day, the message fails.
    NotThereYet,
    /// What lies on their shelf has expired: they have not been online for weeks.
    CardExpired,
    /// The proxy cannot be reached, or does not pass on to their relay.
    NoProxy,
    /// Their relay is not the one that was pinned.
    NotTrusted,
    /// One's own relay has not opened the mailbox for answers yet.
    NoReturnAddress,
}

/// Events from the moment of [`crate::Client::events`] on.
pub struct Events(Pin<Box<dyn Stream<Item = Event> + Send>>);

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<Event>) -> Self {
        Self(Box::pin(unfold(receiver, |mut receiver| async move {
            let event = match receiver.recv().await {
                Ok(event) => event,
                Err(broadcast::error::RecvError::Lagged(missed)) => Event::Missed(missed),
                Err(broadcast::error::RecvError::Closed) => return None,
            };
            Some((event, receiver))
        })))
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}
