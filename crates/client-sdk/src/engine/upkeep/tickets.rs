//! Opening with tickets, where the relay asks for them.

use sealpost_wire::codec::V1;
use sealpost_wire::request::{MailboxKind, OpenMailbox, OpenShelf};
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::{CollectKey, MailboxId, ShelfId, StockKey};

use super::{Trouble, Upkeep};
use crate::error::ErrorKind;
use crate::event::Event;
use crate::net::OwnerConnection;
use crate::tickets::{Desk, TicketTrouble};

impl From<TicketTrouble> for Trouble {
    fn from(trouble: TicketTrouble) -> Self {
        match trouble {
            TicketTrouble::Network(error) => Self::Network(error),
            TicketTrouble::Store(error) => Self::Store(error),
            trouble => Self::Tickets(trouble.kind()),
        }
    }
}

impl Upkeep {
    /// Fills the stock of tickets up when its time has come. When that is, is asked again at every rest.
    pub(super) async fn look_after_tickets(&self) -> Result<(), Trouble> {
        self.context.shared.tickets.look_after(Desk::relay(&self.relay)).await?;
        Ok(())
    }

    /// Tells why there are no tickets, once.
    pub(super) fn tell_ticketless(&mut self, reason: Option<ErrorKind>) {
        let is_news = self.ticketless != reason;
        self.ticketless = reason;
        if let Some(reason) = reason.filter(|_| is_news) {
            self.context.tell(Event::NeedsTickets { server: self.relay.host.clone(), reason });
        }
    }

    pub(super) async fn paid_mailbox(
        &self,
        connection: &mut OwnerConnection,
        mailbox: MailboxId,
        kind: MailboxKind,
        collect: &CollectKey,
    ) -> Result<(), Trouble> {
        let desk = Desk::relay(&self.relay);
        let mut paying = self.context.shared.tickets.paying(desk, TicketKind::Mailbox, &[mailbox.as_bytes()]);
        loop {
            let ticket = paying.next().await?;
            let request = OpenMailbox { version: V1, mailbox, collect: collect.clone(), kind, ticket };
            if paying.settle(connection.call(&request).await).await?.is_some() {
                return Ok(());
            }
        }
    }

    pub(super) async fn paid_shelf(
        &self,
        connection: &mut OwnerConnection,
        shelf: ShelfId,
        stock: &StockKey,
    ) -> Result<(), Trouble> {
        let desk = Desk::relay(&self.relay);
        let mut paying = self.context.shared.tickets.paying(desk, TicketKind::Shelf, &[shelf.as_bytes()]);
        loop {
            let ticket = paying.next().await?;
            let request = OpenShelf { version: V1, shelf, stock: stock.clone(), ticket };
            if paying.settle(connection.call(&request).await).await?.is_some() {
                return Ok(());
            }
        }
    }
}
