use std::fs;
use std::os::fd::OwnedFd;

use proptest::prelude::*;

use super::*;
use crate::key_service::vouchers::tests::{Desk, MANY, TODAY, bill, owner};

fn pay(log: &mut Log, bill: &Bill) -> Result<Paid, Unpaid> {
    let paid = log.pay(bill);
    log.sync().unwrap();
    paid
}

#[test]
fn a_voucher_pays_for_sixteen_batches_and_one_more_each_day() {
    let desk = Desk::filled(1, 16);
    let mut log = desk.log();
    assert_eq!(pay(&mut log, &bill(0, 16)), Err(Unpaid::Spent));
    let tomorrow = |batch| Bill { today: TODAY.plus(1), ..bill(0, batch) };
    assert_eq!(pay(&mut log, &tomorrow(16)), Ok(Paid::Now));
    assert_eq!(pay(&mut log, &tomorrow(17)), Err(Unpaid::Spent));
    let later = |batch| Bill { today: TODAY.plus(100), ..bill(0, batch) };
    for batch in 17..116 {
        assert_eq!(pay(&mut log, &later(batch)), Ok(Paid::Now));
    }
    assert_eq!(pay(&mut log, &later(116)), Err(Unpaid::Spent));
    assert_eq!(pay(&mut log, &bill(1, 0)), Ok(Paid::Now));
}

#[test]
fn days_count_from_the_first_use() {
    let desk = Desk::new();
    let mut log = desk.log();
    let at = |day: u32, batch| Bill { today: TODAY.plus(day), ..bill(0, batch) };
    assert_eq!(pay(&mut log, &at(50, 0)), Ok(Paid::Now));
    for batch in 1..16 {
        assert_eq!(pay(&mut log, &at(50, batch)), Ok(Paid::Now));
    }
    assert_eq!(pay(&mut log, &at(50, 16)), Err(Unpaid::Spent));
    assert_eq!(pay(&mut log, &at(40, 16)), Err(Unpaid::Spent), "the clock went back");
}

#[test]
fn the_same_batch_is_paid_for_once() {
    let desk = Desk::filled(2, 16);
    let mut log = desk.log();
    for batch in 0..16 {
        assert_eq!(pay(&mut log, &bill(1, batch)), Ok(Paid::Before));
    }
    assert_eq!(pay(&mut log, &bill(2, 0)), Ok(Paid::Now), "another voucher pays for itself");
}

#[test]
fn there_are_no_more_vouchers_than_allowed() {
    let desk = Desk::filled(3, 1);
    let mut log = Log::open(&desk.path, owner(1), 3).unwrap();
    assert_eq!(pay(&mut log, &bill(9, 0)), Err(Unpaid::TooMany));
    assert_eq!(pay(&mut log, &bill(2, 1)), Ok(Paid::Now), "one that is known goes on");
}

#[test]
fn what_was_spent_is_known_after_a_restart() {
    let desk = Desk::filled(3, 16);
    let mut log = desk.log();
    assert_eq!(log.vouchers(), 3);
    for voucher in 0..3 {
        assert_eq!(pay(&mut log, &bill(voucher, 3)), Ok(Paid::Before));
        assert_eq!(pay(&mut log, &bill(voucher, 99)), Err(Unpaid::Spent));
    }
}

#[test]
fn a_file_longer_than_what_is_read_at_once_is_read_whole() {
    let desk = Desk::filled(200, 14);
    assert!(fs::metadata(&desk.path).unwrap().len() > 128 * 1024);
    let mut log = desk.log();
    assert_eq!(log.vouchers(), 200);
    assert_eq!(pay(&mut log, &bill(199, 13)), Ok(Paid::Before));
}

#[test]
fn another_key_begins_anew() {
    let desk = Desk::filled(1, 16);
    let mut log = Log::open(&desk.path, owner(2), MANY).unwrap();
    assert_eq!(pay(&mut log, &bill(0, 0)), Ok(Paid::Now));
    drop(log);
    assert_eq!(fs::metadata(&desk.path).unwrap().len(), 2 * LENGTH as u64);
}

#[test]
fn one_file_serves_one_process() {
    let desk = Desk::filled(1, 1);
    let _first = desk.log();
    assert!(matches!(Log::open(&desk.path, owner(1), MANY), Err(LogError::Taken { .. })));
}

#[test]
fn a_record_that_was_cut_short_is_as_if_it_had_never_been() {
    for cut in 1..LENGTH {
        let desk = Desk::filled(2, 3);
        let length = fs::metadata(&desk.path).unwrap().len();
        OpenOptions::new().write(true).open(&desk.path).unwrap().set_len(length - cut as u64).unwrap();
        let mut log = desk.log();
        assert_eq!(pay(&mut log, &bill(1, 2)), Ok(Paid::Now), "cut by {cut}");
        assert_eq!(fs::metadata(&desk.path).unwrap().len(), length);
        assert_eq!(pay(&mut log, &bill(0, 2)), Ok(Paid::Before));
    }
}

#[test]
fn records_that_never_became_durable_may_be_broken_in_any_way() {
    for broken in [6, 7] {
        let desk = Desk::filled(2, 3);
        let mut log = desk.log();
        for voucher in [5, 6, 7] {
            assert_eq!(log.pay(&bill(voucher, 0)), Ok(Paid::Now));
        }
        drop(log);
        desk.edit((broken + 1) * LENGTH + 3, |byte| *byte ^= 1);
        let mut log = desk.log();
        assert_eq!(log.vouchers(), 2 + (broken as u32 - 6));
        assert_eq!(pay(&mut log, &bill(7, 0)), Ok(Paid::Now));
        drop(log);
        assert_eq!(pay(&mut desk.log(), &bill(7, 0)), Ok(Paid::Before));
    }
}

#[test]
fn a_broken_record_among_durable_ones_is_told_with_its_place() {
    let desk = Desk::filled(2, 3);
    desk.edit(3 * LENGTH, |byte| *byte ^= 1);
    match Log::open(&desk.path, owner(1), MANY) {
        Err(LogError::Damaged { at, .. }) => assert_eq!(at, 3 * LENGTH as u64),
        _ => panic!("the damage was not noticed"),
    }
}

#[test]
fn damage_while_the_file_is_open_is_an_outage_and_no_fresh_budget() {
    let desk = Desk::filled(1, 16);
    let mut log = desk.log();
    OpenOptions::new().write(true).open(&desk.path).unwrap().write_all_at(&[7; 8], 16 * LENGTH as u64).unwrap();
    assert_eq!(log.pay(&bill(0, 99)), Err(Unpaid::Out));
}

#[test]
fn what_is_taken_back_was_never_paid() {
    let desk = Desk::filled(1, 2);
    let mut log = desk.log();
    for bill in [bill(0, 2), bill(0, 3), bill(1, 0), bill(1, 1)] {
        assert_eq!(log.pay(&bill), Ok(Paid::Now));
    }
    log.take_back();
    assert_eq!(log.vouchers(), 1);
    assert_eq!(pay(&mut log, &bill(2, 0)), Ok(Paid::Now));
    assert_eq!(pay(&mut log, &bill(0, 2)), Ok(Paid::Now));
    drop(log);
    let mut log = desk.log();
    assert_eq!(log.vouchers(), 2);
    for (bill, paid) in [(bill(0, 2), Paid::Before), (bill(0, 3), Paid::Now), (bill(1, 0), Paid::Now)] {
        assert_eq!(pay(&mut log, &bill), Ok(paid));
    }
}

#[test]
fn what_could_not_be_synced_was_never_paid() {
    let desk = Desk::filled(1, 1);
    let mut log = desk.log();
    assert_eq!((log.pay(&bill(0, 1)), log.pay(&bill(1, 0))), (Ok(Paid::Now), Ok(Paid::Now)));
    // A pipe cannot be synced, nor cut, nor written to at a place.
    let (_end, pipe) = io::pipe().unwrap();
    let file = std::mem::replace(&mut log.file, OwnedFd::from(pipe).into());
    assert!(log.sync().is_err());
    assert_eq!((log.vouchers(), log.pay(&bill(1, 0))), (1, Err(Unpaid::Out)));
    log.file = file;
    assert_eq!(pay(&mut log, &bill(1, 0)), Ok(Paid::Now));
    assert_eq!(pay(&mut log, &bill(0, 1)), Ok(Paid::Now));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever is paid, in whatever batches: it comes out as from a plain list, also after restarts.
    #[test]
    fn it_counts_as_a_plain_list_would(steps in proptest::collection::vec((0..4_u8, 0..24_u32, 0..3_u32, 0..8_u32), 1..120)) {
        let desk = Desk::new();
        let mut log = desk.log();
        let (mut list, mut today) = (Vec::<Bill>::new(), TODAY);
        for (voucher, batch, more_days, restart) in steps {
            today = today.plus(more_days / 2);
            let bill = Bill { today, ..bill(voucher, batch) };
            let paid: Vec<_> = list.iter().filter(|paid| paid.voucher == bill.voucher).collect();
            let expected = if paid.iter().any(|paid| paid.batch == bill.batch) {
                Ok(Paid::Before)
            } else if paid.first().is_some_and(|first| paid.len() as u32 >= 16 + today.0 - first.today.0) {
                Err(Unpaid::Spent)
            } else {
                Ok(Paid::Now)
            };
            prop_assert_eq!(log.pay(&bill), expected);
            if expected == Ok(Paid::Now) {
                list.push(bill);
            }
            if restart == 0 {
                log.sync().unwrap();
                drop(log);
                log = desk.log();
            }
        }
    }

    /// Any bytes behind a good file lose nothing of it; a file of any bytes is no panic.
    #[test]
    fn any_end_is_read(end in proptest::collection::vec(any::<u8>(), 0..400)) {
        let desk = Desk::filled(2, 2);
        let whole = fs::read(&desk.path).unwrap();
        fs::write(&desk.path, [whole.clone(), end.clone()].concat()).unwrap();
        drop(desk.log());
        prop_assert_eq!(fs::read(&desk.path).unwrap(), whole);
        fs::write(&desk.path, end).unwrap();
        prop_assert_eq!(desk.log().vouchers(), 0);
    }
}
