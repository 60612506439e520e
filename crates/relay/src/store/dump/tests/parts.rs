//! In two parts, the first of a store that is in use.

use super::*;
use crate::store::EntryOwner;

/// What is done between the two parts: every kind of thing comes and goes.
async fn use_it_on(store: &dyn Store) {
    store.acknowledge(vec![(OWNER, vec![EnvelopeId::from_bytes([9; 16])])], NOW).await.unwrap()[0].unwrap();
    store.deposit(vec![envelope(OWNER, 4, NOW), envelope(OWNER, 5, NOW)], NOW).await.unwrap();
    store.close_mailbox(mailbox(5, 6), NOW).await.unwrap().unwrap();
    store.open_mailbox(mailbox(6, 6), MailboxKind::FrontDoor, at(NOW)).await.unwrap().unwrap();
    store.deposit(vec![envelope(mailbox(6, 6), 1, NOW)], NOW).await.unwrap();
    assert_eq!(store.take(SHELF, NOW).await, Ok(Some(item(2))));
    store.stock(SHELF, items([6, 7, 5], Some(8)), at(NOW)).await.unwrap().unwrap();
    store.spend(vec![Spend { id: [4; 16], ..SPEND }]).await.unwrap();
    let NewEntry { epoch, prefix, slot, owner, .. } = entry(1);
    store.withdraw(EntryOwner { epoch, prefix, tag: slot.tag(), owner }).await.unwrap().unwrap();
    store.shutdown().await.unwrap();
}

/// Both parts of a store that was used between them, and what it holds in the end.
fn in_two_parts(from: &Place) -> [Vec<Record>; 3] {
    now(use_it(&*from.open()));
    let first = from.dump_objects(NOW);
    let mut known = Known::default();
    first.iter().for_each(|record| known.note(record));
    now(use_it_on(&*from.open()));
    let whole = from.dump(NOW);
    let rest = collected(|take| {
        let mut changes = known.changes(take);
        whole.iter().cloned().try_for_each(|record| changes.give(record)).unwrap();
        changes.finish().unwrap();
    });
    [first, rest, whole]
}

fn carried_in_two_parts(from: &Place, to: fn() -> Place) {
    let [first, rest, whole] = in_two_parts(from);
    let envelopes = |records: &[Record]| records.iter().filter(|of| matches!(of, Record::Envelope { .. })).count();
    assert_eq!([&first, &rest, &whole].map(|records| envelopes(records)), [5, 3, 4], "the rest has what is new alone");
    for cut in 0..=rest.len() {
        let to = to();
        assert!(to.fill_with(&REST, broken(&[])).unwrap_err().contains("first part"));
        for _ in 0..2 {
            to.fill_with(&FIRST, first.iter().cloned().map(Ok)).unwrap();
        }
        let other = Filling { mark: [3; 32], part: Part::Rest { of: [4; 32] } };
        assert!(to.fill_with(&other, broken(&[])).unwrap_err().contains("first part"));
        to.fill_with(&REST, broken(&rest[..cut])).unwrap_err();
        assert!(to.is_half_filled());
        to.fill_with(&REST, rest.iter().cloned().map(Ok)).unwrap();
        to.adopt();
        assert!(sorted(&to.dump(NOW)) == sorted(&whole), "cut behind {cut}");
        if cut == rest.len() {
            now(it_is_what_it_was(&*to.open()));
        }
    }
}

async fn it_is_what_it_was(store: &dyn Store) {
    let range = Range { after: 0, envelopes: 10, bytes: usize::MAX };
    let page = store.page(OWNER, range, at(NOW)).await.unwrap().unwrap();
    assert_eq!(page.envelopes.iter().map(|stored| stored.id.as_bytes()[0]).collect::<Vec<_>>(), [7, 4, 5]);
    assert!(store.page(mailbox(5, 6), range, at(NOW)).await.unwrap().is_err());
    for expected in [3, 6, 7, 5, 8, 8] {
        assert_eq!(store.take(SHELF, NOW).await, Ok(Some(item(expected))));
    }
    store.shutdown().await.unwrap();
}

#[test]
fn files_are_carried_in_two_parts() {
    carried_in_two_parts(&Place::files(), Place::files);
}

#[test]
fn files_are_carried_into_redis_in_two_parts() {
    carried_in_two_parts(&Place::files(), Place::one_server);
}

#[test]
fn redis_is_carried_into_files_in_two_parts() {
    carried_in_two_parts(&Place::one_server(), Place::files);
}

#[test]
fn a_store_that_is_open_gives_its_objects_through_a_pipe_that_somebody_reads() {
    let place = Place::files();
    let Place::Files(root) = &place else { unreachable!() };
    now(use_it(&*place.open()));
    let objects = place.dump_objects(NOW);
    let store = place.open();
    assert!(store.show(NOW).unwrap().is_err(), "nobody reads");
    let mut pipe = Pipe::make(&files(root.path()).directory).unwrap();
    store.show(NOW).unwrap().unwrap();
    let given: Vec<_> = std::iter::from_fn(|| pipe.read().unwrap()).collect();
    assert!(given == objects);
    drop(pipe);
    assert!(store.show(NOW).unwrap().is_err(), "nobody reads any more");
}

#[test]
fn a_pipe_that_ends_early_is_not_whole_and_a_file_is_no_pipe() {
    let directory = tempfile::tempdir().unwrap();
    let mailbox = full_mailbox(0, 0).remove(0);
    let mut pipe = Pipe::make(directory.path()).unwrap();
    let mut writer = Writer::open(directory.path()).unwrap();
    writer.write(&mailbox).unwrap();
    drop(writer);
    assert!(pipe.read().unwrap() == Some(mailbox));
    assert_eq!(pipe.read().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    drop(pipe);
    std::fs::write(directory.path().join("export.pipe"), "something").unwrap();
    assert!(Writer::open(directory.path()).is_err());
    assert_eq!(std::fs::read(directory.path().join("export.pipe")).unwrap(), b"something");
}
