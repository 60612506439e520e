use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

/// A day in the middle of epoch 230, on which no other is open.
const MIDDLE: Day = Day(230 * 90 + 45);
const EPOCH: Epoch = Epoch(230);

struct Kept230 {
    directory: EpochDirectory,
    root: TempDir,
}

/// A directory with the key of epoch 230.
fn kept() -> Kept230 {
    let root = tempfile::tempdir().unwrap();
    let directory = EpochDirectory::new(root.path().join("epochs"));
    assert_eq!(keep(&directory, MIDDLE).made, [EPOCH]);
    Kept230 { directory, root }
}

fn keep(directory: &EpochDirectory, today: Day) -> Kept {
    directory.keep(today, &mut rand::rng()).unwrap()
}

fn make(directory: &EpochDirectory, epoch: Epoch) -> Made {
    directory.make(epoch, &mut rand::rng()).unwrap()
}

fn epochs(kept: &Kept) -> Vec<Epoch> {
    kept.keys.iter().map(|key| key.epoch).collect()
}

fn publics(directory: &EpochDirectory) -> Vec<PublicKey> {
    directory.keys().unwrap().iter().map(EpochKey::public).collect()
}

#[test]
fn keys_of_open_epochs_are_made_and_those_of_closed_ones_erased() {
    let Kept230 { directory, root } = kept();
    let change = EPOCH.next().first_day();
    let both = keep(&directory, Day(change.0 - 14));
    assert_eq!(
        (both.made, epochs(&Kept { made: vec![], erased: vec![], ..both })),
        (vec![Epoch(231)], vec![EPOCH, Epoch(231)])
    );
    let last = keep(&directory, change.plus(13));
    assert!(last.made.is_empty() && last.erased.is_empty());
    let closed = keep(&directory, change.plus(14));
    assert_eq!((epochs(&closed), closed.erased), (vec![Epoch(231)], vec![EPOCH]));
    assert_eq!(fs::read_dir(root.path().join("epochs")).unwrap().count(), 1);
}

#[test]
fn a_key_stays_the_same_until_it_is_erased() {
    let Kept230 { directory, root: _root } = kept();
    let before = publics(&directory);
    keep(&directory, MIDDLE);
    assert_eq!(make(&directory, EPOCH), Made::Before);
    assert_eq!(publics(&directory), before);
}

#[test]
fn a_retired_key_is_gone_and_there_is_no_second_one_until_the_epoch_has_closed() {
    let Kept230 { directory, root: _root } = kept();
    make(&directory, Epoch(231));
    for epoch in [EPOCH, Epoch(231)] {
        assert!(directory.retire(epoch, MIDDLE).unwrap());
        assert!(!directory.retire(epoch, MIDDLE).unwrap());
        assert_eq!(make(&directory, epoch), Made::Retired);
    }
    assert_eq!(keep(&directory, MIDDLE).made, []);
    assert_eq!((directory.keys().unwrap().len(), directory.retired().unwrap()), (0, vec![EPOCH, Epoch(231)]));
    assert_eq!(keep(&directory, EPOCH.closes().plus(1)).made, []);
    assert_eq!(directory.retired().unwrap(), [Epoch(231)]);
    assert_eq!(keep(&directory, Epoch(231).closes().plus(1)).made, [Epoch(232)]);
    assert!(directory.retired().unwrap().is_empty());
}

#[test]
fn retiring_what_has_no_key_keeps_none_from_being_made() {
    let Kept230 { directory, root: _root } = kept();
    assert!(!directory.retire(Epoch(231), MIDDLE).unwrap());
    assert_eq!(make(&directory, Epoch(231)), Made::Now);
}

#[test]
fn of_a_closed_epoch_nothing_is_left_when_it_is_retired() {
    let Kept230 { directory, root } = kept();
    assert!(directory.retire(EPOCH, EPOCH.closes().plus(1)).unwrap());
    assert_eq!(fs::read_dir(root.path().join("epochs")).unwrap().count(), 0);
}

#[test]
fn an_interrupted_retiring_is_ended() {
    type End = fn(&EpochDirectory);
    let ends: [End; 3] =
        [|it| _ = keep(it, MIDDLE), |it| _ = it.retire(EPOCH, MIDDLE).unwrap(), |it| _ = make(it, EPOCH)];
    for end in ends {
        let Kept230 { directory, root: _root } = kept();
        fs::write(directory.path(EPOCH, RETIRED), "").unwrap();
        end(&directory);
        assert!(!directory.key_path(EPOCH).exists());
        assert_eq!(directory.retired().unwrap(), [EPOCH]);
    }
}

#[test]
fn what_is_read_is_what_was_drawn() {
    let secret = EpochSecret::random(&mut rand::rng());
    let Form::Secret(read) = EpochSecret::read(secret.text().as_bytes()) else { panic!("not read") };
    assert!(read.seed == secret.seed && read.contribution == secret.contribution);
    assert_ne!(read.seed.expose(), &read.contribution);
}

#[test]
fn each_epoch_has_a_key_and_a_contribution_of_its_own() {
    let Kept230 { directory, root: _root } = kept();
    make(&directory, EPOCH.next());
    let told: Vec<_> = directory.keys().unwrap().iter().map(EpochKey::told).collect();
    assert_ne!(told[0].public_key, told[1].public_key);
    assert_ne!(told[0].contribution, told[1].contribution);
    assert!(told.iter().all(|told| (told.public_key.len(), told.contribution.len()) == (64, 64)));
}

#[test]
fn a_key_made_ahead_is_kept_until_its_epoch_has_closed() {
    let Kept230 { directory, root: _root } = kept();
    assert_eq!(make(&directory, Epoch(231)), Made::Now);
    let kept = keep(&directory, MIDDLE);
    assert!(kept.erased.is_empty());
    assert_eq!(epochs(&kept), [EPOCH, Epoch(231)]);
}

#[test]
fn many_who_make_the_same_key_at_once_make_one() {
    let Kept230 { directory, root: _root } = kept();
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| make(&directory, Epoch(231)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|made| *made == Made::Now).count()
    });
    assert_eq!(made, 1);
    assert_eq!(directory.keys().unwrap().len(), 2);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let Kept230 { directory, root: _root } = kept();
    let path = directory.key_path(EPOCH);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    for refused in [directory.keys().map(drop), directory.keep(MIDDLE, &mut rand::rng()).map(drop)] {
        assert!(matches!(refused, Err(EpochsError::Key(KeyFileError::Exposed { mode: 0o640, .. }))));
    }
}

#[test]
fn what_is_no_key_is_refused_and_left_alone() {
    let line = "ab".repeat(32);
    for text in ["".to_owned(), line.clone(), format!("{line}\n{line}\n{line}\n"), format!("{line}\n{}", &line[1..])] {
        let Kept230 { directory, root: _root } = kept();
        fs::write(directory.key_path(EPOCH), &text).unwrap();
        let refused = directory.keep(MIDDLE, &mut rand::rng());
        assert!(matches!(refused, Err(EpochsError::Key(KeyFileError::NotAKey { .. }))), "{text}");
        assert_eq!(fs::read_to_string(directory.key_path(EPOCH)).unwrap(), text);
    }
}

#[test]
fn of_an_erased_key_no_byte_is_left_where_it_was() {
    let Kept230 { directory, root } = kept();
    let (path, witness) = (directory.key_path(EPOCH), root.path().join("witness"));
    let length = fs::read(&path).unwrap().len();
    fs::hard_link(&path, &witness).unwrap();
    directory.retire(EPOCH, MIDDLE).unwrap();
    assert!(!path.exists());
    assert_eq!(fs::read(witness).unwrap(), vec![0; length]);
}

#[test]
fn an_interrupted_erasing_is_ended() {
    let Kept230 { directory, root: _root } = kept();
    let path = directory.key_path(EPOCH);
    let before = fs::read(&path).unwrap();
    fs::write(&path, [vec![0; 70], before[70..].to_vec()].concat()).unwrap();
    assert!(directory.keys().unwrap().is_empty());
    assert_eq!(keep(&directory, MIDDLE).made, [EPOCH]);
    assert_ne!(fs::read(&path).unwrap()[70..], before[70..]);
}

#[test]
fn what_a_crash_left_of_making_a_key_is_erased() {
    let Kept230 { directory, root } = kept();
    let (unfinished, witness) = (root.path().join("epochs/231.key.unfinished"), root.path().join("witness"));
    fs::write(&unfinished, "half a seed").unwrap();
    fs::hard_link(&unfinished, &witness).unwrap();
    keep(&directory, MIDDLE);
    assert!(!unfinished.exists());
    assert_eq!(fs::read(witness).unwrap(), [0; 11]);
}

#[test]
fn what_was_spent_goes_with_its_key() {
    let Kept230 { directory, root: _root } = kept();
    fs::write(directory.spent_path(EPOCH), "spent").unwrap();
    fs::write(directory.spent_path(Epoch(7)), "of a key that is gone").unwrap();
    keep(&directory, MIDDLE);
    assert!(directory.spent_path(EPOCH).exists() && !directory.spent_path(Epoch(7)).exists());
    directory.retire(EPOCH, MIDDLE).unwrap();
    assert!(!directory.spent_path(EPOCH).exists());
}

#[test]
fn other_files_are_passed_over() {
    let Kept230 { directory, root } = kept();
    for name in ["0230.key", "+230.key", "230key", ".key", "4294967296.key", "notes.txt", "230.key.old"] {
        fs::write(root.path().join("epochs").join(name), "something").unwrap();
    }
    assert_eq!(epochs(&keep(&directory, MIDDLE)), [EPOCH]);
    assert_eq!(fs::read_dir(root.path().join("epochs")).unwrap().count(), 8);
}

#[test]
fn without_a_directory_there_are_no_keys() {
    let root = tempfile::tempdir().unwrap();
    let directory = EpochDirectory::new(root.path().join("epochs"));
    assert!(directory.keys().unwrap().is_empty());
    assert!(!root.path().join("epochs").exists());
    keep(&directory, MIDDLE);
    assert_eq!(fs::metadata(root.path().join("epochs")).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn printing_shows_no_key() {
    let Kept230 { directory, root: _root } = kept();
    assert_eq!(format!("{:?}", directory.keys().unwrap()), "[EpochKey(..)]");
}
