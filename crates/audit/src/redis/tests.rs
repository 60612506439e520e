//! Against a real server.

use sealpost_identity::traces::Value;
use sealpost_redis_stage::Server as Stage;

use super::*;
use crate::search::Canary;

const SECRET: &[u8] = b"meet me at the station";

fn scanned(server: &Stage) -> (Vec<String>, Vec<String>) {
    let canary = Canary { what: "the text".to_owned(), value: Value::bytes(SECRET) };
    let (mut search, mut unsearched) = (Search::new(vec![canary]).unwrap(), Unsearched::default());
    scan(&server.address().to_string(), &mut search, &mut unsearched, &mut |_| {}).unwrap();
    let mut places: Vec<_> = search.found().iter().map(|find| find.place.clone()).collect();
    places.sort();
    (places, unsearched.reasons().map(str::to_owned).collect())
}

#[test]
fn every_type_is_read_in_every_database() {
    let server = Stage::start(&[]).unwrap();
    server.tell(&[b"CONFIG", b"SET", b"slowlog-log-slower-than", b"-1"]).unwrap();
    assert_eq!(scanned(&server), (vec![], vec![]));
    let long = [&vec![b'x'; 3 * 1024 * 1024 - 9], SECRET].concat();
    let filler: Vec<Vec<u8>> = (0..2_500).map(|number| format!("element {number}").into_bytes()).collect();
    let mut list: Vec<&[u8]> = vec![b"RPUSH", b"alist"];
    list.extend(filler.iter().map(Vec::as_slice));
    list.push(SECRET);
    let commands: [&[&[u8]]; 10] = [
        &[b"SET", b"astring", &long],
        &list,
        &[b"SADD", b"aset", b"one", SECRET],
        &[b"HSET", b"ahash", b"field", SECRET],
        &[b"HSET", b"anotherhash", SECRET, b"value"],
        &[b"ZADD", b"azset", b"1", SECRET],
        &[b"XADD", b"astream", b"*", b"field", SECRET],
        &[b"XADD", b"agrouped", b"*", b"field", b"value"],
        &[b"XGROUP", b"CREATE", b"agrouped", SECRET, b"$"],
        &[b"SET", SECRET, b"value"],
    ];
    commands.iter().for_each(|command| drop(server.tell(command).unwrap()));
    let (places, unsearched) = scanned(&server);
    let expected = [
        "database 0, hash ahash",
        "database 0, hash anotherhash",
        "database 0, list alist",
        "database 0, set aset",
        "database 0, stream agrouped",
        "database 0, stream astream",
        "database 0, string astring",
        "database 0, zset azset",
        "the name of a key, database 0",
    ];
    assert_eq!((places, unsearched), (expected.map(str::to_owned).to_vec(), vec![]));
    server.tell(&[b"SWAPDB", b"0", b"9"]).unwrap();
    assert_eq!(scanned(&server).0.len(), expected.len());
}

#[test]
fn what_a_server_remembers_of_its_clients_is_searched() {
    let server = Stage::start(&[]).unwrap();
    server.tell(&[b"CONFIG", b"SET", b"slowlog-log-slower-than", b"0"]).unwrap();
    server.tell(&[b"ECHO", SECRET]).unwrap();
    assert_eq!(scanned(&server).0, ["SLOWLOG GET -1"]);
}

#[test]
fn what_the_server_does_not_show_is_told() {
    let server = Stage::start(&[]).unwrap();
    server.tell(&[b"ACL", b"SETUSER", b"default", b"-slowlog"]).unwrap();
    assert_eq!(scanned(&server), (vec![], vec!["the Redis server does not show it".to_owned()]));
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let (mut search, mut unsearched) = (Search::new(vec![]).unwrap(), Unsearched::default());
    for address in ["127.0.0.1:1", "/no/socket", "redis://"] {
        assert!(scan(address, &mut search, &mut unsearched, &mut |_| {}).is_err(), "{address}");
    }
}
