//! Having key services evaluate what they cannot see.

use std::sync::Arc;

use sealpost_blind::discovery::{Descriptor, Stretched};
use sealpost_blind::{BlindState, EvaluatedBatch, MAX_BATCH, PrfOutput, Purpose};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BlindedElements, SignedVoucher};
use sealpost_wire::manifest::{Role, Tickets};
use sealpost_wire::request::{Evaluate, Evaluated};
use sealpost_wire::ticket::TicketKind;

use super::blocking::blocking;
use super::patience::Patience;
use super::trouble::Trouble;
use super::ways::Ways;
use crate::error::ErrorKind;
use crate::net::{KeyService, NeitherConnection, NetError};
use crate::store::numbers::NumberHash;
use crate::store::{Store, consents, entries, lookups};
use crate::tickets::Desk;

/// A number that a key service has not evaluated yet.
pub(crate) type Pending = (NumberHash, Stretched);

/// One key service of one epoch, and what one needs to ask it.
pub(crate) struct Asking<'a> {
    pub(crate) ways: &'a Ways,
    pub(crate) store: &'a Arc<Store>,
    pub(crate) descriptor: &'a Descriptor,
    /// The first (0) or the second (1).
    pub(crate) place: usize,
}

impl Asking<'_> {
    /// Has everything evaluated, batch by batch, on one connection. Each batch is stored before the next is sent; `done` is
    /// told how many numbers it had.
    ///
    /// # Errors
    /// [`ErrorKind::NotProved`] when a voucher is wanted and there is none, or none that is good any more;
    /// [`ErrorKind::KeyServiceRefused`] when it is not what the directory says or a proof does not hold; else those of network
    /// and store. What was stored stays.
    pub(crate) async fn evaluate(&self, pending: &[Pending], mut done: impl FnMut(usize)) -> Result<(), Trouble> {
        if pending.is_empty() {
            return Ok(());
        }
        let wants_voucher = self.ways.check_service(self.descriptor, self.place).await?;
        let voucher = self.voucher().await?;
        if wants_voucher && voucher.is_none() && !self.takes_tickets().await? {
            return Err(ErrorKind::NotProved.into());
        }
        let mut connection = None;
        for batch in pending.chunks(MAX_BATCH) {
            let outputs = self.batch(batch, voucher.clone(), &mut connection).await?;
            self.keep(batch, outputs).await?;
            done(batch.len());
        }
        Ok(())
    }

    async fn voucher(&self) -> Result<Option<SignedVoucher>, Trouble> {
        let operator = self.descriptor.references.get(self.place).ok_or(ErrorKind::Internal)?.operator;
        let epoch = self.descriptor.epoch;
        blocking(self.store, move |store| store.read(|tx| entries::voucher(tx, epoch, &operator))).await
    }

    async fn batch(
        &self,
        batch: &[Pending],
        voucher: Option<SignedVoucher>,
        connection: &mut Option<NeitherConnection<KeyService>>,
    ) -> Result<Vec<PrfOutput>, Trouble> {
        let Descriptor { epoch, services, .. } = self.descriptor;
        let values = batch.iter().map(|(_, stretched)| stretched.secret());
        let blinded = BlindState::blind_padded(Purpose::Discovery(*epoch), values, &mut rand::rng());
        let (state, elements) = blinded.map_err(|_| ErrorKind::Internal)?;
        let elements = BlindedElements::from_bytes(&elements.to_bytes()).ok_or(ErrorKind::Internal)?;
        let request = Evaluate { version: V1, epoch: *epoch, elements, voucher, ticket: None };
        let answer = self.paid(request, connection).await?;
        let refused = Trouble::Kind(ErrorKind::KeyServiceRefused);
        let Ok(evaluated) = EvaluatedBatch::from_bytes(answer.elements.as_bytes()) else { return Err(refused) };
        let key = services.keys().get(self.place).ok_or(ErrorKind::Internal)?;
        state.finalize(key, &evaluated).map_err(|_| refused)
    }

    /// Whether a ticket is wanted for each batch, and no voucher.
    async fn takes_tickets(&self) -> Result<bool, Trouble> {
        let service = self.descriptor.references.get(self.place).ok_or(ErrorKind::Internal)?;
        let known = self.ways.network.relay(service, self.ways.reach).await?;
        Ok(known.manifest.tickets != Tickets::Off)
    }

    /// Asks with a ticket, where the key service wants one; the voucher pays for tickets there.
    async fn paid(
        &self,
        request: Evaluate,
        connection: &mut Option<NeitherConnection<KeyService>>,
    ) -> Result<Evaluated, Trouble> {
        let server = self.descriptor.references.get(self.place).ok_or(ErrorKind::Internal)?;
        let desk = Desk { server, role: Role::KeyService, reach: self.ways.reach };
        let mut paying = self.ways.tickets.paying(desk, TicketKind::Evaluate, &[request.elements.as_bytes()]);
        loop {
            let ticket = paying.next().await?;
            let voucher = request.voucher.clone().filter(|_| ticket.is_none());
            let request = Evaluate { ticket, voucher, ..request.clone() };
            if let Some(answer) = paying.settle(self.ask(&request, connection).await).await? {
                return Ok(answer);
            }
        }
    }

    /// Asks, and asks the very same once more when the answer was lost: it costs nothing then, and shows nothing new.
    async fn ask(
        &self,
        request: &Evaluate,
        connection: &mut Option<NeitherConnection<KeyService>>,
    ) -> Result<Evaluated, NetError> {
        let mut patience = Patience::new();
        loop {
            match self.try_once(request, connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    *connection = None;
                    patience.after(error).await?;
                }
            }
        }
    }

    async fn try_once(
        &self,
        request: &Evaluate,
        connection: &mut Option<NeitherConnection<KeyService>>,
    ) -> Result<Evaluated, NetError> {
        let Ways { network, permit, reach, .. } = self.ways;
        let service = self.descriptor.references.get(self.place).ok_or(NetError::Unreachable)?;
        let connection = match connection {
            Some(open) => open,
            None => connection.insert(network.key_service(permit, service, *reach).await?),
        };
        connection.call(request).await
    }

    async fn keep(&self, batch: &[Pending], outputs: Vec<PrfOutput>) -> Result<(), Trouble> {
        let (epoch, place) = (self.descriptor.epoch, self.place);
        let evaluated: Vec<_> = batch.iter().map(|(number, _)| *number).zip(outputs).collect();
        blocking(self.store, move |store| {
            store.write(|tx| {
                consents::discovery(tx)?;
                let mut evaluated = evaluated.iter();
                evaluated.try_for_each(|(number, output)| lookups::set_evaluated(tx, epoch, *number, place, output))
            })
        })
        .await
    }
}
