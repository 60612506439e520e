//! Two people behind one proxy, which is killed half-way and comes back.
//!
//! **What fails a run**: a connection to the relay that is not the proxy's; a request there of another path, or of another length,
//! than everyone's; a message that is lost, shown twice or out of order; a message that gets through while there is no proxy.
//! Whoever is behind a proxy speaks HTTP/1.1 and servers speak HTTP/2 to each other, so that one who came directly would show.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use sealpost_tests::Result;
use sealpost_tests::deployment::{Deployment, Plan};
use sealpost_tests::person::{Listener, Person, Way};
use sealpost_wire::manifest;
use sealpost_wire::oblivious::{PATH, REQUEST_LENGTHS, REQUEST_OVERHEAD};

use super::company::PATIENCE;

/// How HTTP/2 begins.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n";

fn somebody(name: &str, directory: &Path, servers: &Deployment) -> Result<Person> {
    let mut person = Person::new(name, &directory.join(name))?;
    let proxy = servers.proxy.as_ref().ok_or("there is no proxy")?.server.reference().to_owned();
    person.set_way(Some(Way { proxy, policy: "apart", pace: "300ms" }));
    person.opt_in(servers.reference())?;
    Ok(person)
}

fn texts(listener: &Listener) -> Vec<String> {
    listener.shown().into_iter().map(|message| message.text).collect()
}

/// What the relay saw of both: nothing that would tell one from the other, or from one person.
fn sees_the_proxy_alone(servers: &Deployment) -> Result<()> {
    let lengths: BTreeSet<_> = REQUEST_LENGTHS.into_iter().map(|length| length + REQUEST_OVERHEAD).collect();
    for connection in servers.relay.tap.connections() {
        let [said, _] = connection.plain();
        if !said.is_empty() && !said.starts_with(HTTP_2) {
            return Err("somebody came to the relay who is not the proxy".into());
        }
        for seen in connection.requests() {
            let is_sealed = seen.path == PATH && lengths.contains(&seen.body.len());
            if !is_sealed && seen.path != manifest::PATH {
                return Err(format!("the relay saw {} with {} bytes", seen.path, seen.body.len()).into());
            }
        }
    }
    Ok(())
}

#[test]
fn two_people_behind_a_proxy_that_dies_and_comes_back_lose_nothing_and_show_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let plan = Plan { key_services: 0, attested: false, proxied: true, ..Plan::default() };
    let mut servers = Deployment::start(&directory.path().join("servers"), &plan)?;
    let [alice, bob] = [somebody("Alice", directory.path(), &servers)?, somebody("Bob", directory.path(), &servers)?];
    let [at_alice, at_bob] = [alice.listen(0)?, bob.listen(0)?];
    [&alice, &bob].into_iter().try_for_each(Person::wait_until_reachable)?;
    alice.call(&["add", "Bob", &bob.card()?])?;
    bob.call(&["add", "Alice", &alice.card()?])?;
    alice.write("Bob", &["one", "two"])?;
    at_bob.wait_for(2, PATIENCE)?;
    bob.write("Alice", &["and back"])?;
    at_alice.wait_for(1, PATIENCE)?;

    let proxy = &mut servers.proxy.as_mut().ok_or("there is no proxy")?.server;
    proxy.kill()?;
    let connections = servers.relay.tap.connections().len();
    alice.write("Bob", &["three", "four"])?;
    bob.write("Alice", &["meanwhile"])?;
    sleep(Duration::from_secs(2));
    assert_eq!((texts(&at_bob).len(), texts(&at_alice).len()), (2, 1));
    assert_eq!(servers.relay.tap.connections().len(), connections, "somebody went around the proxy");
    servers.proxy.as_mut().ok_or("there is no proxy")?.server.start()?;

    at_bob.wait_for(4, PATIENCE)?;
    at_alice.wait_for(2, PATIENCE)?;
    sleep(Duration::from_secs(1));
    assert_eq!(texts(&at_bob), ["one", "two", "three", "four"]);
    assert_eq!(texts(&at_alice), ["and back", "meanwhile"]);
    sees_the_proxy_alone(&servers)
}
