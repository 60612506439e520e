//! A disk that is full, and then is not.
//!
//! The disk is a small tmpfs, which only root may mount; for others there is the test of the store with a limit on its
//! pages.

use std::path::Path;
use std::process::Command;

use futures_util::StreamExt;
use sealpost_client::{ErrorKind, Event, Profile, Unlock};
use tokio::time::timeout;

use crate::people::{KEY, Person, opt_in, options};
use crate::relay::{PATIENCE, TestRelay};

/// A file system of its own, unmounted at the end.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` where mounting is not allowed.
    fn mounted() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        disk.mount("size=1m").then_some(disk)
    }

    fn mount(&self, options: &str) -> bool {
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.path()).output();
        done.is_ok_and(|done| done.status.success())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_on_the_disk_stays_on_the_relay_until_it_does() {
    let Some(disk) = Disk::mounted() else { return };
    let relay = TestRelay::start().await;
    let alice = Person::online(&relay.reference).await;
    let bob = opt_in(disk.path(), &relay.reference);
    let mut events = bob.events();
    let engine = bob.start().unwrap();
    let to_bob = alice.client.add(&bob.card().unwrap(), "Bob").unwrap();
    let texts: Vec<String> = (0..40).map(|number| format!("{number} {}", "long ".repeat(8_000))).collect();
    for text in &texts {
        alice.client.send(to_bob, text).unwrap();
    }
    let full = async { while !matches!(events.next().await, Some(Event::StoreTrouble(ErrorKind::StorageFull))) {} };
    timeout(PATIENCE, full).await.expect("it was never told");
    assert_eq!(alice.client.add(&bob.card().unwrap(), "Bob").unwrap(), to_bob);
    assert!(disk.mount("remount,size=64m"));
    let all = async {
        loop {
            let shown = bob.messages_after(Default::default(), 100).unwrap();
            if shown.len() == texts.len() {
                return shown;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let shown = timeout(PATIENCE, all).await.expect("something is missing");
    assert!(shown.iter().zip(&texts).all(|(message, text)| message.text.expose() == text));
    engine.stop().await;
    drop(bob);
    assert!(matches!(Profile::open(disk.path(), &Unlock::raw_key(KEY), options()), Ok(Profile::OptedIn(_))));
}
