//! What is written and read.

use sealpost_crypto::{MessageId, Text};

use super::Client;
use crate::clock;
use crate::contact::{Chat, ContactId, ContactState};
use crate::error::{Error, ErrorKind};
use crate::message::{Message, MessageState, Position};
use crate::store::{StoreError, contacts, messages, outbox};

impl Client {
    /// Writes a message to a contact. It is in the durable outbox when this returns, and the engine sends it as soon as
    /// that is possible; what became of it is in [`Client::message`] and in events.
    ///
    /// Writing to someone who has not been accepted accepts them.
    ///
    /// ```
    /// # use sealpost_client::{Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// # let opted_in = |directory: &tempfile::TempDir| {
    /// #     let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default()).unwrap();
    /// #     let Profile::Fresh(device) = profile else { unreachable!() };
    /// #     device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay.clone()).unwrap()
    /// # };
    /// # let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    /// # let (client, other) = (opted_in(&here), opted_in(&there));
    /// use sealpost_client::MessageState;
    ///
    /// # let card = other.card()?;
    /// let bob = client.add(&card, "Bob")?;
    /// let id = client.send(bob, "written offline, sent when there is a network")?;
    /// assert_eq!(client.message(id)?.state, MessageState::Queued);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::TextTooLong`], [`ErrorKind::NotFound`], [`ErrorKind::Blocked`], or trouble with storage; then nothing
    /// is in the outbox.
    pub fn send(&self, contact: ContactId, text: &str) -> Result<MessageId, Error> {
        let text = Text::new(text.to_owned()).map_err(|_| ErrorKind::TextTooLong)?;
        let id = MessageId::random(&mut rand::rng());
        let now = clock::now();
        self.change(|tx| {
            match contacts::peer(tx, contact)?.state {
                ContactState::Accepted => {}
                ContactState::Unaccepted => contacts::set_state(tx, contact, ContactState::Accepted)?,
                ContactState::Blocked => return Err(StoreError::Refused(ErrorKind::Blocked)),
            }
            let position = messages::append(tx, contact, id, MessageState::Queued, now, &text, None)?;
            outbox::enqueue(tx, contact, id, Some(position))
        })?;
        Ok(id)
    }

    /// One message, with what became of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or trouble with storage.
    pub fn message(&self, id: MessageId) -> Result<Message, Error> {
        self.look(|tx| messages::by_id(tx, id))
    }

    /// Up to `limit` messages that were received behind `position`, oldest first.
    ///
    /// Every received message has exactly one position, and positions only grow: a reader that goes on from the last one
    /// it has shown sees every message exactly once.
    ///
    /// ```
    /// # use sealpost_client::{Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// # let opted_in = |directory: &tempfile::TempDir| {
    /// #     let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default()).unwrap();
    /// #     let Profile::Fresh(device) = profile else { unreachable!() };
    /// #     device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay.clone()).unwrap()
    /// # };
    /// # let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    /// # let (client, other) = (opted_in(&here), opted_in(&there));
    /// use sealpost_client::Position;
    ///
    /// let mut shown = Position::START; // Kept by the app from one start to the next.
    /// for message in client.messages_after(shown, 100)? {
    ///     println!("{}", message.text.expose());
    ///     shown = message.position;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn messages_after(&self, position: Position, limit: usize) -> Result<Vec<Message>, Error> {
        self.look(|tx| messages::received_after(tx, position, bounded(limit)))
    }

    /// How far the reader called `name` has come: the position that it confirmed last, or [`Position::START`].
    ///
    /// For readers without a place of their own to remember a position in. One that dies between showing a message and
    /// confirming it gets that message once more, and never misses one.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn cursor(&self, name: &str) -> Result<Position, Error> {
        self.look(|tx| messages::cursor(tx, name))
    }

    /// Says that the reader called `name` has shown everything up to `position`. A cursor never moves back.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn confirm(&self, name: &str, position: Position) -> Result<(), Error> {
        self.change(|tx| messages::set_cursor(tx, name, position))
    }

    /// The newest `limit` messages of a conversation before `before`, or at all; oldest first.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn history(&self, contact: ContactId, before: Option<Position>, limit: usize) -> Result<Vec<Message>, Error> {
        self.look(|tx| messages::history(tx, contact, before, bounded(limit)))
    }

    /// All conversations, the one with the newest message first.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn chats(&self) -> Result<Vec<Chat>, Error> {
        let mut chats = self.look(|tx| {
            let chat = |contact: crate::Contact| {
                let last = messages::history(tx, contact.id, None, 1)?.pop();
                let (messages, queued) = messages::count(tx, contact.id)?;
                Ok(Chat { contact, last, messages, queued })
            };
            contacts::all(tx)?.into_iter().map(chat).collect::<Result<Vec<_>, StoreError>>()
        })?;
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.last.as_ref().map(|message| message.position)));
        Ok(chats)
    }
}

fn bounded(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}
