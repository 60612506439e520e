//! Which epoch is when, and how a bucket is asked for.

use sealpost_wire::directory::{BucketRead, Epoch};
use sealpost_wire::time::Day;
use serde::{Deserialize, Serialize};

use super::vectors;

/// A day, and the epochs that are open on it, the one that the day is in first.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Today {
    day: u32,
    open: Vec<u32>,
}

/// An epoch, and its days.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Period {
    epoch: u32,
    opens: u32,
    first_day: u32,
    last_day: u32,
    closes: u32,
}

/// A path, and the epoch, bits and number that it asks for, if it is one of a bucket.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Path {
    path: String,
    reads: Option<(u32, u8, u32)>,
}

fn today(day: u32) -> Today {
    Today { day, open: Epoch::open_on(Day(day)).map(|epoch| epoch.0).collect() }
}

pub(super) fn days() -> Vec<Today> {
    // Around the days on which one opens, begins, and the one before it closes.
    [0, 13, 14, 75, 76, 89, 90, 103, 104, 20_685, 20_686, 20_699, 20_700, 20_713, 20_714].map(today).into()
}

pub(super) fn epochs() -> Vec<Period> {
    let period = |epoch: Epoch| Period {
        epoch: epoch.0,
        opens: epoch.opens().0,
        first_day: epoch.first_day().0,
        last_day: epoch.last_day().0,
        closes: epoch.closes().0,
    };
    [0, 1, 229, 230, 231].map(|epoch| period(Epoch(epoch))).into()
}

fn read(path: &str) -> Option<(u32, u8, u32)> {
    let numbers: Vec<_> = path.strip_prefix(BucketRead::PATH)?.strip_prefix('/')?.split('/').collect();
    let [epoch, bits, number] = numbers[..] else { return None };
    BucketRead::of(epoch, bits, number).map(|read| (read.epoch.0, read.bits.bits(), read.number))
}

pub(super) fn paths() -> Vec<Path> {
    let good = ["/v1/bucket/230/0/0", "/v1/bucket/230/3/5", "/v1/bucket/0/24/16777215"];
    let bad = [
        "/v1/bucket/230/0/1",
        "/v1/bucket/230/3/8",
        "/v1/bucket/230/25/0",
        "/v1/bucket/230/03/5",
        "/v1/bucket/230/3/+5",
        "/v1/bucket/4294967296/3/5",
        "/v1/bucket/230/3",
        "/v1/bucket/230/3/5/",
    ];
    good.into_iter().chain(bad).map(|path| Path { path: path.into(), reads: read(path) }).collect()
}

/// By the words of the protocol: epoch n is days 90·n to 90·n + 89, open from 14 days before to 14 days after.
#[test]
fn the_calendar_is_that_of_the_text() {
    for Period { epoch, opens, first_day, last_day, closes } in vectors().epochs {
        assert_eq!((first_day, last_day), (90 * epoch, 90 * epoch + 89));
        assert_eq!((opens, closes), (first_day.saturating_sub(14), last_day + 14));
    }
    for Today { day, open } in vectors().days {
        let own = day / 90;
        let is_open = |epoch: &u32| day + 14 >= 90 * epoch && day <= 90 * epoch + 89 + 14;
        let others = [own.checked_sub(1), Some(own + 1)].into_iter().flatten().filter(is_open);
        assert_eq!(open, [own].into_iter().chain(others).collect::<Vec<_>>(), "day {day}");
    }
}

#[test]
fn a_path_reads_one_bucket_or_none() {
    for Path { path, reads } in vectors().bucket_paths {
        assert_eq!(read(&path), reads, "{path}");
        let bits = |bits| sealpost_wire::directory::BucketBits::new(bits).unwrap();
        let again = reads.map(|(epoch, of, number)| BucketRead { epoch: Epoch(epoch), bits: bits(of), number }.path());
        assert!(again.is_none_or(|again| again == path));
    }
}
