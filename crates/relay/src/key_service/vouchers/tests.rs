use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use futures_util::future::join_all;
use sealpost_blind::{Purpose, ServerKey};
use sealpost_wire::Secret;
use tempfile::TempDir;

use super::record::LENGTH;
use super::*;

pub(super) const TODAY: Day = Day(20_700);
pub(super) const MANY: u32 = 1_000;

pub(super) fn owner(seed: u8) -> Owner {
    let epoch = Epoch(230);
    let key = ServerKey::derive(&Secret::new([seed; 32]), Purpose::Discovery(epoch)).public().to_bytes();
    Owner { epoch, key, allowance: Allowance::Growing }
}

pub(super) fn bill(voucher: u8, batch: u32) -> Bill {
    Bill::new(VoucherId::from_bytes([voucher; 16]), &batch.to_be_bytes(), TODAY)
}

/// A file of its own.
pub(super) struct Desk {
    pub(super) path: PathBuf,
    _root: TempDir,
}

impl Desk {
    pub(super) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { path: root.path().join("230.spent"), _root: root }
    }

    pub(super) fn log(&self) -> Log {
        Log::open(&self.path, owner(1), MANY).unwrap()
    }

    /// Pays so many batches with each of so many vouchers, and syncs between one batch and the next.
    pub(super) fn filled(vouchers: u8, batches: u32) -> Self {
        let desk = Self::new();
        let mut log = desk.log();
        for batch in 0..batches {
            assert!((0..vouchers).all(|voucher| log.pay(&bill(voucher, batch)) == Ok(Paid::Now)));
            log.sync().unwrap();
        }
        desk
    }

    pub(super) fn edit(&self, at: usize, change: impl FnOnce(&mut u8)) {
        let mut bytes = fs::read(&self.path).unwrap();
        change(&mut bytes[at]);
        fs::write(&self.path, bytes).unwrap();
    }
}

#[tokio::test]
async fn many_who_pay_at_once_get_what_each_would_alone() {
    let desk = Desk::new();
    let vouchers = Vouchers::open(&desk.path, owner(1), MANY).unwrap();
    let bills = (0..20).flat_map(|batch| (0..8).map(move |voucher| bill(voucher, batch)));
    let paid = join_all(bills.map(|bill| vouchers.pay(bill))).await;
    assert_eq!(paid.iter().filter(|paid| **paid == Ok(Paid::Now)).count(), 8 * 16);
    assert_eq!(paid.iter().filter(|paid| **paid == Err(Unpaid::Spent)).count(), 8 * 4);
    assert_eq!(vouchers.used(), 8);
    vouchers.close().await;
    assert_eq!(vouchers.pay(bill(0, 0)).await, Err(Unpaid::Out));
    let again = Vouchers::open(&desk.path, owner(1), MANY).unwrap();
    assert_eq!((again.used(), again.pay(bill(0, 0)).await), (8, Ok(Paid::Before)));
}

#[tokio::test]
async fn an_outage_is_told_and_ends() {
    let desk = Desk::filled(1, 1);
    let vouchers = Vouchers::open(&desk.path, owner(1), MANY).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&desk.path).unwrap();
    let good = fs::read(&desk.path).unwrap();
    file.write_all_at(&[0; LENGTH], LENGTH as u64).unwrap();
    assert_eq!(vouchers.pay(bill(0, 1)).await, Err(Unpaid::Out));
    assert!(vouchers.is_out());
    file.write_all_at(&good, 0).unwrap();
    assert_eq!(vouchers.pay(bill(0, 1)).await, Ok(Paid::Now));
    assert!(!vouchers.is_out());
}
