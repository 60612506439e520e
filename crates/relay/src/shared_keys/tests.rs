use sealpost_redis_stage::Server;
use sealpost_wire::time::Day;
use tempfile::TempDir;

use super::*;
use crate::config::TicketPolicy;
use crate::store::NobodyWaits;
use crate::store::redis::Options;

const TODAY: Day = Day(20_700);

/// A relay's files, and what it shares.
struct Relay {
    directory: TempDir,
    shared: SharedKeys,
    store: Redis,
}

impl Relay {
    fn on(server: &Server, operator: &OperatorSecret) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default().rooted_at(directory.path());
        (config.store.backend, config.tickets.policy) = (Backend::Redis, TicketPolicy::Invite);
        let options =
            Options { urls: vec![format!("redis://{}", server.address())], ..config.settings().redis.unwrap() };
        let quota = config.settings().quota();
        let store = Redis::open(options, quota, std::sync::Arc::new(NobodyWaits)).unwrap();
        Self { shared: SharedKeys::of(&config, operator).unwrap(), directory, store }
    }

    async fn agree(&self, today: Day) -> Result<(), SharedKeysError> {
        self.shared.agree(&self.store, today).await
    }

    /// All files and what is in them.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let names = self.shared.there().unwrap().into_iter();
        names.map(|name| (name.clone(), fs::read(self.shared.path(&name).unwrap()).unwrap())).collect()
    }

    fn write(&self, name: &str, line: &str) {
        files::create(&self.shared.path(name).unwrap(), line.as_bytes()).unwrap();
    }
}

fn server() -> Server {
    Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap()
}

#[tokio::test]
async fn relays_have_the_keys_of_today_and_the_next_day_alike() {
    let (server, operator) = (server(), OperatorSecret::from_seed(&[1; 32]));
    let (one, other) = (Relay::on(&server, &operator), Relay::on(&server, &operator));
    one.agree(TODAY).await.unwrap();
    other.agree(TODAY).await.unwrap();
    assert_eq!(one.files(), other.files());
    for name in ["ohttp/20700.key", "ohttp/20701.key", "tickets/daily-20700.key"] {
        assert!(one.files().contains_key(name), "{name}");
    }
    // Each makes one of its own at midnight; before it is of use, there is one.
    one.write("ohttp/20702.key", &format!("{}\n", "1".repeat(64)));
    other.write("ohttp/20702.key", &format!("{}\n", "2".repeat(64)));
    for relay in [&other, &one, &other] {
        relay.agree(TODAY.plus(1)).await.unwrap();
    }
    assert_eq!(one.files(), other.files());
    assert!(one.files()["ohttp/20702.key"].starts_with(b"2"));
}

#[tokio::test]
async fn what_is_over_is_forgotten_and_comes_back_to_nobody() {
    let (server, operator) = (server(), OperatorSecret::from_seed(&[1; 32]));
    let one = Relay::on(&server, &operator);
    one.agree(TODAY).await.unwrap();
    let later = TODAY.plus(200);
    one.agree(later).await.unwrap();
    let other = Relay::on(&server, &operator);
    other.agree(later).await.unwrap();
    let names = other.files().into_keys().collect::<Vec<_>>();
    assert!(!names.iter().any(|name| name.contains("20700") || name.contains("20701")), "{names:?}");
}

#[tokio::test]
async fn an_invite_code_made_at_one_is_good_at_the_other() {
    let (server, operator) = (server(), OperatorSecret::from_seed(&[1; 32]));
    let (one, other) = (Relay::on(&server, &operator), Relay::on(&server, &operator));
    one.agree(TODAY).await.unwrap();
    let directory = &one.shared.tickets.as_ref().unwrap().0;
    let code = InviteDirectory::of(directory).make(TODAY.plus(9), &mut rand::rng()).unwrap();
    one.agree(TODAY).await.unwrap();
    other.agree(TODAY).await.unwrap();
    let theirs = &other.shared.tickets.as_ref().unwrap().0;
    assert_eq!(InviteDirectory::of(theirs).find(&code, TODAY), Some(TODAY.plus(9)));
}

#[tokio::test]
async fn a_relay_of_another_operator_is_refused_and_nothing_of_a_key_is_in_redis() {
    let server = server();
    let one = Relay::on(&server, &OperatorSecret::from_seed(&[1; 32]));
    one.agree(TODAY).await.unwrap();
    let foreign = Relay::on(&server, &OperatorSecret::from_seed(&[2; 32]));
    assert!(matches!(foreign.agree(TODAY).await, Err(SharedKeysError::OtherOperator)));
    assert!(one.directory.path().join("ohttp").is_dir());
    let entries = fs::read_dir(server.directory().join("appendonlydir")).unwrap().flatten();
    let redis: Vec<u8> = entries.flat_map(|entry| fs::read(entry.path()).unwrap()).collect();
    for line in one.files().into_values() {
        assert!(!redis.windows(32).any(|window| window == &line[..32]));
    }
}

#[test]
fn no_name_leads_out_of_its_directory() {
    for name in ["../x.key", "a/b.key", ".key", "x"] {
        assert!(!is_name(TICKETS, name), "{name}");
    }
    assert!(is_name(TICKETS, "daily-1.key") && is_name(INVITES, "0abc"));
}
