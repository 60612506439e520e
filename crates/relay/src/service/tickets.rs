//! Tickets at a relay: issued, and spent on what they are for.

use sealpost_wire::MailboxId;
use sealpost_wire::manifest::Manifest;
use sealpost_wire::request::{Deposit, IssueTickets, IssuedTickets, Refusal, Request};
use sealpost_wire::ticket::{Ticket, TicketKind};

use super::{Denial, Inner, Relay};
use crate::store::Right;
use crate::tickets::Issuer;

/// What a deposit may do.
pub(super) enum Standing {
    /// It comes with this right; when it is too fast for a stranger, it waits so many seconds.
    Comes(Right, u16),
    /// Its ticket is no good.
    Refused,
    /// Whether it is good cannot be told now.
    Unknown(u16),
}

impl Relay {
    /// Issues tickets.
    ///
    /// # Errors
    /// *no such request*, where there are none; else as [`Issuer::issue`].
    pub async fn issue_tickets(&self, request: IssueTickets) -> Result<IssuedTickets, Denial> {
        let issuer = self.0.issuer.as_ref().ok_or(Denial::of(Refusal::NoSuchRequest))?;
        issuer.issue(request).await
    }

    /// What issues tickets, where there are any.
    #[must_use]
    pub fn issuer(&self) -> Option<&Issuer> {
        self.0.issuer.as_ref()
    }

    /// Puts into a manifest what it says of tickets.
    pub fn tell_tickets(&self, manifest: &mut Manifest) {
        if let Some(issuer) = &self.0.issuer {
            issuer.tell(manifest);
        }
    }
}

impl Inner {
    /// Has a ticket pay for `request`, where there are tickets.
    pub(super) async fn pay<R: Request>(
        &self,
        kind: TicketKind,
        ticket: Option<&Ticket>,
        request: &R,
    ) -> Result<(), Denial> {
        match &self.issuer {
            Some(issuer) => issuer.spend(kind, ticket, request).await,
            None => Ok(()),
        }
    }

    /// What deposits that came together may do; their tickets are spent at once.
    pub(super) async fn standings(&self, requests: &[Deposit]) -> Vec<Standing> {
        let Some(issuer) = &self.issuer else {
            return requests.iter().map(|_| Standing::Comes(Right::Full, 0)).collect();
        };
        let shown = requests.iter().filter_map(|request| request.ticket.as_ref().map(|ticket| (ticket, request)));
        let mut paid = match issuer.spend_all(TicketKind::FrontDoor, shown.collect()).await {
            Ok(paid) => paid.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(denial) => requests.iter().map(|_| Err(denial.retry_after.unwrap_or_default())).collect(),
        }
        .into_iter();
        let standing = |request: &Deposit| match request.ticket.as_ref().and_then(|_| paid.next()) {
            None => self.stranger(&MailboxId::of(&request.deposit, &request.collect)),
            Some(Ok(true)) => Standing::Comes(Right::Full, 0),
            Some(Ok(false)) => Standing::Refused,
            Some(Err(seconds)) => Standing::Unknown(seconds),
        };
        requests.iter().map(standing).collect()
    }

    /// The store knows which mailboxes are front doors; at the others the rate means nothing.
    fn stranger(&self, mailbox: &MailboxId) -> Standing {
        let checked = self.rates.stranger(mailbox);
        Standing::Comes(Right::Stranger { too_fast: checked.is_err() }, checked.err().unwrap_or_default())
    }
}
