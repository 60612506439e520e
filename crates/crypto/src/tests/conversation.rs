//! People converse.

use super::people::{Person, text};

#[test]
fn the_first_message_opens() {
    let (mut alice, mut bob) = (Person::new(1), Person::new(2));
    let item = bob.item();
    alice.begin(&bob, &item);
    let envelope = alice.write(&bob, "hello");
    let opened = bob.read(&envelope).unwrap();
    assert_eq!(text(&opened), "hello");
    assert!(opened.sender == alice.key());
    assert!(opened.used.is_some());
}
