//! What pays for tickets.

use sealpost_server::Denial;
use sealpost_wire::directory::Voucher;
use sealpost_wire::request::{IssueTickets, Refusal};
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;

use super::settings::Policy;
use super::{Inner, hash};
use crate::store::Spend;

impl Inner {
    /// What a request spends; nothing where anyone gets tickets, whatever is shown.
    ///
    /// # Errors
    /// *malformed*, when more than one is shown; *voucher needed*.
    pub(super) fn voucher(&self, request: &IssueTickets, today: Day) -> Result<Option<Spend>, Denial> {
        let IssueTickets { version: _, invite, attested, renewal, wanted: _ } = request;
        if usize::from(invite.is_some()) + usize::from(attested.is_some()) + usize::from(renewal.is_some()) > 1 {
            return Err(Denial::of(Refusal::Malformed));
        }
        if self.settings.policy == Policy::Open {
            return Ok(None);
        }
        let paid = (self.invite(request, today))
            .or_else(|| self.attested(request, today))
            .or_else(|| self.check(TicketKind::Renewal, renewal.as_ref()?, hash::of_request(request), today));
        paid.map(Some).ok_or(Denial::of(Refusal::VoucherNeeded))
    }

    fn invite(&self, request: &IssueTickets, today: Day) -> Option<Spend> {
        let code = request.invite.as_ref()?;
        let until = self.invites.find(code, today)?;
        Some(Spend { id: hash::spent_invite(code), until, request: hash::of_request(request) })
    }

    fn attested(&self, request: &IssueTickets, today: Day) -> Option<Spend> {
        let voucher = request.attested.as_ref()?.verify(&self.settings.attester()?.operator)?;
        let Voucher { id, service, epoch, .. } = voucher;
        let is_good = service == self.operator && epoch.is_open(today);
        is_good.then(|| Spend {
            id: hash::spent_voucher(id),
            until: epoch.closes(),
            request: hash::of_request(request),
        })
    }
}
