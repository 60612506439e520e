//! What does not keep an attester from starting, and still is not as its operator would want it.

use std::fmt;

use crate::config::{Config, GatewayKind};
use crate::log::Event;

/// Something that an operator should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The admin listener is not on loopback.
    AdminExposed,
    /// Codes are written to a file.
    GatewayIsAFile,
}

impl Warning {
    pub(super) fn log(self) {
        match self {
            // The server itself says so.
            Self::AdminExposed => {}
            Self::GatewayIsAFile => Event::GatewayIsAFile {}.log(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdminExposed => {
                "the admin listener has no password and is not on loopback: whoever reaches it can read the attester's numbers"
            }
            Self::GatewayIsAFile => {
                "gateway.kind is \"file\": no SMS is sent, and phone numbers and codes are written to the disk; for trying out, \
                 and for nothing else"
            }
        })
    }
}

/// What `config` should be warned of.
#[must_use]
pub fn warnings(config: &Config) -> Vec<Warning> {
    let exposed = config.admin.is_exposed().then_some(Warning::AdminExposed);
    let file = (config.gateway.kind == GatewayKind::File).then_some(Warning::GatewayIsAFile);
    exposed.into_iter().chain(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_keeps_numbers_and_an_admin_listener_that_others_reach_are_told() {
        let mut config = Config::default();
        assert_eq!(warnings(&config), [Warning::GatewayIsAFile]);
        config.gateway.kind = GatewayKind::Webhook;
        assert_eq!(warnings(&config), []);
        config.admin = "0.0.0.0:8444".parse().unwrap();
        assert_eq!(warnings(&config), [Warning::AdminExposed]);
    }
}
