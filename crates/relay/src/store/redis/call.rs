//! A call of a script.

use redis::{Cmd, ToRedisArgs, cmd};

use super::keys::Tag;
use super::scripts::Script;

/// A second key that a call names beside its tags, and that is never there. While a slot is on its way from one server to
/// another, both refuse a call that names several keys of which they lack any: so no script is carried out where only a part
/// of what it reads has arrived, and takes a mailbox that is still on its way for one that is gone.
const BESIDE: &str = "~";

/// A call of a script.
pub(super) struct Call {
    command: Cmd,
    /// One of its tags: all of them are on the same server.
    tag: Tag,
}

impl Call {
    /// A call about one tag.
    pub(super) fn new(script: &Script, tag: &Tag) -> Self {
        let mut command = cmd("EVALSHA");
        command.arg(script.hash()).arg(2).arg(tag.as_bytes()).arg(tag.key(BESIDE));
        Self { command, tag: tag.clone() }
    }

    /// A call about several tags; none about no tag.
    pub(super) fn about(script: &Script, tags: &[&Tag]) -> Option<Self> {
        let mut command = cmd("EVALSHA");
        command.arg(script.hash()).arg(tags.len() + 1);
        tags.iter().for_each(|tag| {
            command.arg(tag.as_bytes());
        });
        tags.first().map(|tag| {
            command.arg(tag.key(BESIDE));
            Self { command, tag: (*tag).clone() }
        })
    }

    /// Adds an argument.
    pub(super) fn with(mut self, argument: impl ToRedisArgs) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub(super) fn with_all<T: ToRedisArgs>(self, arguments: impl IntoIterator<Item = T>) -> Self {
        arguments.into_iter().fold(self, Self::with)
    }

    pub(super) const fn tag(&self) -> &Tag {
        &self.tag
    }

    pub(super) const fn command(&self) -> &Cmd {
        &self.command
    }

    pub(super) fn into_parts(self) -> (Tag, Cmd) {
        (self.tag, self.command)
    }
}
