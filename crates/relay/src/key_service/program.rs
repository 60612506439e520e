//! What the server is told of a key service: its one request, its numbers, and what it does from time to time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use sealpost_server::clock::every;
use sealpost_server::http::{Cbor, Reply};
use sealpost_server::manifest::ManifestCell;
use sealpost_server::metrics::{Counter, Gauge, Registry};
use sealpost_server::{Program, labels};
use sealpost_wire::request::{Evaluate, IssueTickets, Request};

use super::{KeyService, Totals};
use crate::program::keep_tickets;

/// How often the keys are looked after: so soon it shows what a command has changed.
const KEEP_EVERY: Duration = Duration::from_secs(10);

labels! {
    /// What was asked for.
    Kind "kind" {
        Evaluate "evaluate"
        IssueTickets "issue_tickets"
    }
}

/// A key service, what is told of it, and its numbers.
pub(crate) struct KeyServiceProgram {
    service: KeyService,
    manifest: ManifestCell,
    numbers: Numbers,
}

impl KeyServiceProgram {
    /// Shows `service`, whose keys `manifest` tells and goes on telling as they change.
    pub(crate) fn new(service: KeyService, manifest: ManifestCell, all: &Registry) -> Self {
        Self { service, manifest, numbers: Numbers::new(all) }
    }
}

impl Program for KeyServiceProgram {
    type Kind = Kind;

    fn kind(path: &str) -> Option<Kind> {
        match path {
            Evaluate::PATH => Some(Kind::Evaluate),
            IssueTickets::PATH => Some(Kind::IssueTickets),
            _ => None,
        }
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route(Evaluate::PATH, post(evaluate))
            .route(IssueTickets::PATH, post(issue_tickets))
            .with_state(self.service.clone())
    }

    fn is_ready(&self) -> bool {
        self.service.is_ready()
    }

    fn set_numbers(&self) {
        self.numbers.set(&self.service.totals());
    }

    async fn chores(&self) {
        let keys = every(KEEP_EVERY, || async {
            if self.service.keep().await {
                self.manifest.change(|manifest| manifest.key_service = Some(self.service.told()));
            }
        });
        tokio::join!(keys, keep_tickets(self.service.issuer(), &self.manifest));
    }

    async fn close(&self) {
        self.service.close().await;
    }
}

/// `POST /v1/evaluate`
async fn evaluate(State(service): State<KeyService>, Cbor(request): Cbor<Evaluate>) -> Reply<Evaluate> {
    service.evaluate(request).await.into()
}

/// `POST /v1/issue-tickets`
async fn issue_tickets(State(service): State<KeyService>, Cbor(request): Cbor<IssueTickets>) -> Reply<IssueTickets> {
    service.issue_tickets(request).await.into()
}

/// The service's numbers, besides [those of every server](sealpost_server::metrics).
struct Numbers {
    evaluated: Counter,
    repeated: Counter,
    epochs: Gauge,
    vouchers: Gauge,
    issued: Counter,
    spent: Counter,
}

impl Numbers {
    fn new(all: &Registry) -> Self {
        Self {
            evaluated: all.counter("sealpost_batches_evaluated_total", "Batches evaluated, repeats included"),
            repeated: all.counter("sealpost_batches_repeated_total", "Batches evaluated that had been paid for before"),
            epochs: all.gauge("sealpost_epochs", "Epochs that there is a key of"),
            vouchers: all.gauge("sealpost_vouchers", "Vouchers that have been used in these epochs"),
            issued: all.counter("sealpost_tickets_issued_total", "Tickets issued, repeats included"),
            spent: all.counter("sealpost_tickets_spent_total", "Tickets spent, vouchers and repeats included"),
        }
    }

    fn set(&self, totals: &Totals) {
        let Totals { evaluated, repeated, epochs, vouchers, tickets } = *totals;
        self.issued.absolute(tickets.issued);
        self.spent.absolute(tickets.spent);
        self.evaluated.absolute(evaluated);
        self.repeated.absolute(repeated);
        self.epochs.set(epochs as f64);
        self.vouchers.set(vouchers as f64);
    }
}
