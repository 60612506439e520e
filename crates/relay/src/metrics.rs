//! The relay's numbers, besides [those of every server](sealpost_server::metrics).

use sealpost_server::labels;
use sealpost_server::metrics::{Counter, Gauge, Histogram, OneMore, PerLabel, Registry};

use crate::service::Totals;
use crate::tickets::TicketTotals;

labels! {
    /// What was asked for.
    Kind "kind" {
        OpenMailbox "open_mailbox"
        Collect "collect"
        Acknowledge "acknowledge"
        CloseMailbox "close_mailbox"
        OpenShelf "open_shelf"
        Stock "stock"
        CountItems "count_items"
        CloseShelf "close_shelf"
        Deposit "deposit"
        Take "take"
        Publish "publish"
        Withdraw "withdraw"
        Bucket "bucket"
        IssueTickets "issue_tickets"
    }
}

labels! {
    /// Which socket.
    Socket "socket" {
        Collect "collect"
        Deposit "deposit"
    }
}

/// The numbers that sockets count, and those of the service, which come from its [`Totals`].
pub(crate) struct Metrics {
    sockets: PerLabel<Socket, Gauge>,
    batch_seconds: Histogram,
    totals: Vec<Counter>,
    subscriptions: Gauge,
    store_bytes: Gauge,
    in_flight_bytes: Gauge,
}

impl Metrics {
    pub(crate) fn new(all: &Registry) -> Self {
        let totals = named(&Totals::default());
        Self {
            sockets: all.gauges("sealpost_sockets", "WebSockets there are"),
            batch_seconds: all.histogram(
                "sealpost_deposit_batch_seconds",
                "From a socket's batch of deposits to its durable outcome",
            ),
            totals: totals.into_iter().map(|(name, help, _)| all.counter(name, help)).collect(),
            subscriptions: all.gauge("sealpost_subscriptions", "Mailboxes that connected collectors wait for"),
            store_bytes: all.gauge("sealpost_store_bytes", "Bytes that the store takes of its disk"),
            in_flight_bytes: all.gauge("sealpost_in_flight_bytes", "Bytes of deposits that wait for the store"),
        }
    }

    /// Counts a socket until what is returned is dropped.
    pub(crate) fn socket(&self, socket: Socket) -> Option<OneMore> {
        self.sockets.of(socket).map(OneMore::of)
    }

    /// Takes the time from a batch of deposits to its durable outcome.
    pub(crate) fn deposit_batches(&self) -> Histogram {
        self.batch_seconds.clone()
    }

    /// Shows the service's totals.
    pub(crate) fn set(&self, totals: &Totals) {
        for (counter, (_, _, value)) in self.totals.iter().zip(named(totals)) {
            counter.absolute(value);
        }
        self.subscriptions.set(totals.subscriptions as f64);
        self.store_bytes.set(totals.store_bytes as f64);
        self.in_flight_bytes.set(totals.in_flight_bytes as f64);
    }
}

/// The service's totals by the names that they are shown under; a new one must be given a name here.
fn named(totals: &Totals) -> [(&'static str, &'static str, u64); 19] {
    let Totals {
        accepted,
        full,
        gone,
        slowed,
        store_out,
        delivered,
        acknowledged,
        taken,
        mailboxes_opened,
        mailboxes_closed,
        shelves_opened,
        shelves_closed,
        leases_lapsed,
        published,
        withdrawn,
        buckets_read,
        tickets_refused,
        subscriptions: _,
        store_bytes: _,
        in_flight_bytes: _,
        tickets: TicketTotals { issued, spent },
    } = *totals;
    [
        ("sealpost_deposits_accepted_total", "Deposits accepted, repeats included", accepted),
        ("sealpost_deposits_full_total", "Deposits into a full mailbox", full),
        ("sealpost_deposits_gone_total", "Deposits into no mailbox", gone),
        ("sealpost_slowed_total", "Requests and deposits that came too fast", slowed),
        ("sealpost_store_out_total", "Requests and deposits for which the store was out", store_out),
        ("sealpost_envelopes_delivered_total", "Envelopes given to collectors, repeats included", delivered),
        ("sealpost_envelopes_acknowledged_total", "Envelopes named in acknowledgements", acknowledged),
        ("sealpost_items_taken_total", "Items taken from shelves", taken),
        ("sealpost_mailboxes_opened_total", "Mailboxes opened, repeats included", mailboxes_opened),
        ("sealpost_mailboxes_closed_total", "Mailboxes closed by their owners", mailboxes_closed),
        ("sealpost_shelves_opened_total", "Shelves opened, repeats included", shelves_opened),
        ("sealpost_shelves_closed_total", "Shelves closed by their owners", shelves_closed),
        ("sealpost_leases_lapsed_total", "Mailboxes and shelves erased because their lease lapsed", leases_lapsed),
        ("sealpost_entries_published_total", "Entries listed, replaced, refreshed or set to wait", published),
        ("sealpost_entries_withdrawn_total", "Entries withdrawn by their owners", withdrawn),
        ("sealpost_buckets_read_total", "Buckets of the directory read", buckets_read),
        ("sealpost_tickets_issued_total", "Tickets issued, repeats included", issued),
        ("sealpost_tickets_spent_total", "Tickets spent, vouchers and repeats included", spent),
        ("sealpost_tickets_refused_total", "Deposits whose ticket was no good", tickets_refused),
    ]
}
