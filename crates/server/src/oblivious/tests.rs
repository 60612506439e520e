//! The keys of days, and their files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use sealpost_wire::time::Day;
use tempfile::TempDir;

use super::*;
use crate::clock::ManualClock;
use crate::keys::KeyFileError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct World {
    keys: DayKeys,
    clock: Arc<ManualClock>,
    directory: PathBuf,
    _root: TempDir,
}

impl World {
    /// A gateway's keys on day 1000.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("ohttp");
        let clock = Arc::new(ManualClock::new(UNIX_EPOCH + 1_000 * DAY));
        Self { keys: opened(&directory, &clock).unwrap(), clock, directory, _root: root }
    }

    fn at(&self, day: u32) {
        self.clock.set(UNIX_EPOCH + day * DAY);
    }

    fn file(&self, day: u32) -> PathBuf {
        self.directory.join(format!("{day}.key"))
    }

    fn files(&self) -> Vec<String> {
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(&self.directory).unwrap().map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    /// The days whose keys open something now.
    fn opening(&self) -> Vec<u32> {
        (990..1_010).filter(|day| self.keys.named(*day as u8).is_some_and(|key| key.day() == Day(*day))).collect()
    }
}

fn opened(directory: &Path, clock: &Arc<ManualClock>) -> Result<DayKeys, KeysError> {
    DayKeys::open(directory, Arc::clone(clock) as _)
}

#[test]
fn a_key_is_made_for_today_and_for_tomorrow_and_its_file_is_its_owners_alone() {
    let world = World::new();
    assert_eq!(world.files(), ["1000.key", "1001.key"]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&world.file(1_000)), mode(&world.directory)), (0o600, 0o700));
}

#[test]
fn a_key_opens_on_its_day_and_on_the_next() {
    let world = World::new();
    assert_eq!(world.opening(), [1_000]);
    world.at(1_001);
    assert_eq!(world.opening(), [1_000, 1_001]);
    world.at(1_002);
    assert_eq!(world.opening(), [1_001]);
    assert!(world.keys.keep().unwrap());
    assert_eq!(world.opening(), [1_001, 1_002]);
}

#[test]
fn at_midnight_the_next_key_is_there_already() {
    let world = World::new();
    let today = world.keys.list().unwrap();
    world.at(1_001);
    let next = world.keys.list().unwrap();
    assert_ne!(today, next);
    assert!(!world.keys.keep().unwrap(), "it is told as another one again");
    assert_eq!(world.keys.list().unwrap(), next);
    assert_eq!(world.files(), ["1000.key", "1001.key", "1002.key"]);
}

#[test]
fn a_restart_finds_the_keys_of_yesterday_today_and_tomorrow() {
    let world = World::new();
    let first = world.keys.list();
    world.at(1_001);
    let lists = [first, world.keys.list()];
    let again = opened(&world.directory, &world.clock).unwrap();
    let of = |day: u32| again.named(day as u8).map(|key| key.list().clone());
    assert_eq!([of(1_000), of(1_001)], lists);
}

#[test]
fn of_a_key_that_opens_nothing_more_no_byte_is_left_where_it_was() {
    let world = World::new();
    let witness = world.directory.with_file_name("witness");
    fs::hard_link(world.file(1_000), &witness).unwrap();
    world.at(1_002);
    world.keys.keep().unwrap();
    assert_eq!(world.files(), ["1001.key", "1002.key", "1003.key"]);
    assert_eq!(fs::read(witness).unwrap(), [0; 65]);
}

#[test]
fn a_clock_that_jumps_leaves_no_keys_of_other_times() {
    let world = World::new();
    for (day, files) in [(5_000, ["5000.key", "5001.key"]), (1_000, ["1000.key", "1001.key"])] {
        world.at(day);
        assert!(world.keys.list().is_none());
        assert!(world.keys.keep().unwrap());
        assert_eq!(world.files(), files);
        assert!(world.keys.list().is_some());
    }
}

#[tokio::test]
async fn whoever_asks_after_a_jump_finds_a_key() {
    let World { keys, clock, directory, _root } = World::new();
    let keys = Arc::new(keys);
    clock.advance(500 * DAY);
    keys.ready().await;
    assert!(keys.list().is_some() && directory.join("1500.key").exists());
}

#[test]
fn a_key_remembers_what_it_opened_when_the_next_day_begins() {
    let world = World::new();
    let sealed = ohttp::ClientRequest::from_encoded_config_list(&world.keys.list().unwrap()).unwrap();
    let (sealed, _) = sealed.encapsulate(b"anything").unwrap();
    let open = || world.keys.named(1_000_u32 as u8).unwrap().open(&sealed).map(|opened| opened.inside);
    assert_eq!(open(), Ok(b"anything".to_vec()));
    world.at(1_001);
    world.keys.keep().unwrap();
    assert_eq!(open(), Err(seal::Unopened::Again));
}

#[test]
fn what_is_told_of_a_day_is_its_key() {
    let world = World::new();
    let told = world.keys.told(Day(1_001)).unwrap();
    world.at(1_001);
    assert_eq!(data_encoding::BASE64.decode(told.keys.as_bytes()).unwrap(), world.keys.list().unwrap());
    assert_eq!((told.first_day, world.keys.told(Day(1_002))), (Day(1_001), None));
}

#[test]
fn what_a_crash_left_of_making_or_erasing_a_key_is_erased() {
    let World { keys, clock, directory, _root } = World::new();
    let before = keys.list();
    fs::write(directory.join("1000.key"), [&[0; 64][..], b"\n"].concat()).unwrap();
    fs::write(directory.join("1001.key.unfinished"), "half").unwrap();
    let again = opened(&directory, &clock).unwrap();
    assert_ne!(again.list(), before);
    assert!(!directory.join("1001.key.unfinished").exists());
    assert_eq!(fs::read(directory.join("1000.key")).unwrap().len(), 65);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let world = World::new();
    fs::set_permissions(world.file(1_000), Permissions::from_mode(0o640)).unwrap();
    for refused in [opened(&world.directory, &world.clock).map(drop), DayKeys::check(&world.directory)] {
        assert!(matches!(refused, Err(KeysError::Key(KeyFileError::Exposed { mode: 0o640, .. }))));
    }
}

#[test]
fn what_is_no_key_is_refused_and_left_alone() {
    for text in ["", "zz\n", &"0".repeat(63), &"g".repeat(64)] {
        let world = World::new();
        fs::write(world.file(1_000), text).unwrap();
        let refused = opened(&world.directory, &world.clock);
        assert!(matches!(refused, Err(KeysError::Key(KeyFileError::NotAKey { .. }))), "{text}");
        assert_eq!(fs::read_to_string(world.file(1_000)).unwrap(), text);
    }
}

#[test]
fn keys_that_are_in_use_stay_so_when_others_cannot_be_made() {
    let world = World::new();
    world.at(1_001);
    fs::create_dir(world.file(1_002)).unwrap();
    assert!(world.keys.keep().is_err());
    assert_eq!(world.opening(), [1_000, 1_001]);
    fs::remove_dir(world.file(1_002)).unwrap();
    world.keys.keep().unwrap();
    assert_eq!(world.files(), ["1000.key", "1001.key", "1002.key"]);
}

#[test]
fn other_files_are_passed_over() {
    let world = World::new();
    for name in ["01000.key", "+7.key", "key", "4294967296.key", "notes.txt"] {
        fs::write(world.directory.join(name), "something").unwrap();
    }
    world.at(1_002);
    world.keys.keep().unwrap();
    assert_eq!(world.files().len(), 5 + 3);
}

#[test]
fn what_is_not_there_is_not_wrong() {
    let root = tempfile::tempdir().unwrap();
    assert!(DayKeys::check(&root.path().join("ohttp")).is_ok());
    assert!(!root.path().join("ohttp").exists());
}
