//! Which mailbox of a conversation is asked for at the foreground's pace while somebody looks at it.

/// One of the mailboxes that one has for a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<K> {
    /// What it is called here.
    pub key: K,
    /// Its place in the row of those: each takes the place of the one before.
    pub generation: u32,
    /// Whether the contact may know of it: a message has named it, or something came there.
    pub named: bool,
}

/// The one that is: the newest of which the contact may know, or the newest, while they know of none.
///
/// All others stay on the background's clock, also those that something may still come to. Two mailboxes that are asked for
/// every few seconds in the same minutes would be tied together for good.
pub fn in_front<K: Copy>(held: impl IntoIterator<Item = Held<K>>) -> Option<K> {
    held.into_iter().max_by_key(|one| (one.named, one.generation)).map(|one| one.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(held: &[(u32, bool)]) -> Option<u32> {
        in_front(held.iter().map(|(generation, named)| Held {
            key: *generation,
            generation: *generation,
            named: *named,
        }))
    }

    #[test]
    fn the_newest_that_was_named_is_in_front_and_no_other() {
        assert_eq!(front(&[(3, true), (5, true), (4, true)]), Some(5));
    }

    #[test]
    fn one_that_was_not_named_waits_behind_the_one_before() {
        assert_eq!(front(&[(4, true), (5, false)]), Some(4));
        assert_eq!(front(&[(4, false), (5, false)]), Some(5), "nobody knows of any");
        assert_eq!(front(&[]), None);
    }
}
