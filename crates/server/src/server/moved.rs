//! A server that has moved: it says where to, signed, and does nothing else.

use std::sync::Arc;

use axum::Router;
use sealpost_wire::manifest::{self, Role};

use super::{Foundation, Program, Server, StartError};
use crate::config::Serving;
use crate::log::Event;
use crate::metrics::Label;

/// The program of a server that has moved. What it kept is not opened.
pub struct Moved;

/// What it is asked for: all of it is to be asked for elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// Anything.
    Anything,
}

impl Moved {
    /// Opens the listeners of a server whose configuration says where it has moved to.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(serving: &Serving<'_>, foundation: Foundation, role: Role) -> Result<Server<Self>, StartError> {
        let manifest = foundation.sign(foundation.manifest(serving, role))?;
        Event::Moved {}.log();
        Server::bind(serving, foundation, manifest, Self).await
    }
}

impl Program for Moved {
    type Kind = Elsewhere;

    fn kind(path: &str) -> Option<Elsewhere> {
        (path != manifest::PATH).then_some(Elsewhere::Anything)
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new()
    }
}

impl Label for Elsewhere {
    const NAME: &'static str = "kind";
    const ALL: &'static [Self] = &[Self::Anything];

    fn index(self) -> usize {
        0
    }

    fn text(self) -> &'static str {
        "elsewhere"
    }
}
