//! The thread that speaks with Redis: it sends requests in the order in which they were made, and waits for none.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::poll;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::unconstrained;

use super::context::Context;
use super::open::Opened;
use super::options::Durability;
use super::wake::{Channels, News};

/// What the worker is told.
pub(super) enum Command {
    /// To carry out a request.
    Work(BoxFuture<'static, ()>),
    /// To finish what was begun and end.
    Stop(oneshot::Sender<()>),
}

/// Requests, and where they come in.
pub(super) type Commands = UnboundedSender<Command>;

/// Works until it is told to stop, or the store is dropped.
pub(super) async fn run(
    opened: Opened,
    context: Arc<Context>,
    news: UnboundedReceiver<News>,
    commands: UnboundedReceiver<Command>,
) {
    let channels = Channels {
        link: opened.link.clone(),
        ears: opened.ears,
        keys: context.keys.clone(),
        relay: rand::random(),
        drain_every: context.drain_every,
    };
    let losing = (context.durability != Durability::Disk).then_some(&context.replication);
    let replicated = async {
        match context.durability {
            Durability::Replicas(count) => context.replication.run(&context.link, count).await,
            Durability::Disk | Durability::Second => std::future::pending().await,
        }
    };
    tokio::select! {
        () = work(commands) => {}
        () = channels.tell(news) => {}
        () = channels.listen(&context.wake, opened.pushes, losing) => {}
        () = context.health.run(&context.link, &context.keys) => {}
        () = replicated => {}
    }
}

async fn work(mut commands: UnboundedReceiver<Command>) {
    let mut under_way = FuturesUnordered::new();
    let stopped = loop {
        tokio::select! {
            command = commands.recv() => match command {
                // What it has to say it says now: among those that are under way there is no order. Nor may tokio put it off.
                Some(Command::Work(mut work)) => if poll!(unconstrained(&mut work)).is_pending() {
                    under_way.push(work);
                },
                Some(Command::Stop(done)) => break Some(done),
                None => break None,
            },
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
        }
    };
    while under_way.next().await.is_some() {}
    if let Some(done) = stopped {
        // Whoever asked may have gone.
        let _told = done.send(());
    }
}
