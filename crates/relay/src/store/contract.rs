//! The promises of [`Store`], one test each, for every backend.
//!
//! A backend brings a [`Backend`], which opens its store, opens it again as a crash would leave it, and says what else
//! a test needs; [`contract!`] then makes the tests.

pub(in crate::store) mod directory;
pub(in crate::store) mod leases;
pub(in crate::store) mod mailboxes;
pub(in crate::store) mod sequences;
pub(in crate::store) mod shelves;
pub(in crate::store) mod spending;
mod world;

pub(in crate::store) use world::*;

/// Makes a test of each promise for one backend.
macro_rules! contract {
    ($backend:ty => $($module:ident { $($test:ident)* })*) => {$(
        mod $module {
            $(
                #[tokio::test]
                async fn $test() {
                    $crate::store::contract::$module::$test(&mut $crate::store::contract::World::<$backend>::new()).await;
                }
            )*
        }
    )*};
    ($backend:ty) => {
        $crate::store::contract::contract! { $backend =>
            mailboxes {
                promise_1_what_is_kept_survives_a_crash
                promise_3_an_id_is_stored_once
                promise_3_an_id_may_come_again_after_it_was_acknowledged
                promise_5_nothing_arrives_unseen
                promise_6_a_full_mailbox_says_so_and_keeps_the_rest
                promise_7_unknown_looks_like_foreign
                promise_8_opening_again_changes_nothing_and_with_another_key_is_denied
                promise_9_a_closed_mailbox_is_gone
                promise_9_no_depositor_can_open_a_closed_mailbox_again
                promise_10_an_envelope_is_there_until_the_hour_of_its_expiry
                promise_10_expired_envelopes_make_room
                promise_10_days_that_are_past_are_erased
                pages_are_bounded_and_tell_of_more
                an_acknowledged_envelope_is_gone_for_good
            }
            sequences {
                promise_4_sequences_rise_over_crashes_and_emptied_mailboxes
                promise_4_sequences_rise_when_the_clock_jumps_a_year_back_and_forth
                promise_4_a_page_is_in_order_of_arrival
            }
            leases {
                promise_11_a_lease_is_extended_by_use_and_never_shortened
                promise_11_what_lapsed_is_unknown_and_is_erased
                promise_11_a_new_owner_of_a_lapsed_mailbox_finds_it_empty
                promise_11_all_that_lapsed_is_erased_in_parts
                promise_11_renewing_extends_the_leases_of_mailboxes
            }
            shelves {
                promise_12_items_are_taken_once_in_order_and_then_the_last_for_ever
                promise_12_concurrent_takes_get_different_items
                promise_12_what_was_taken_stays_taken_after_a_crash
                promise_7_an_unknown_shelf_looks_like_a_foreign_one
                promise_9_a_closed_shelf_is_gone
                promise_11_a_lapsed_shelf_is_gone
                a_shelf_holds_no_more_than_its_quota
                replacing_throws_the_old_items_away
                an_empty_shelf_gives_nothing
                stocking_survives_a_crash
            }
            directory {
                promise_1_what_is_listed_withdrawn_or_claimed_survives_a_crash
                promise_7_an_unknown_entry_looks_like_a_foreign_one
                promise_16_an_epoch_keeps_what_it_was_opened_with
                promise_16_a_retired_epoch_is_gone_for_good_and_alone
                promise_17_a_bucket_is_all_that_is_listed_in_it
                promise_17_other_bits_and_other_epochs_get_no_bucket
                promise_18_every_bucket_splits_before_the_121st_entry
                promise_18_at_the_most_bits_a_bucket_is_full_at_its_last_slot
                promise_18_entries_that_come_together_are_counted
                promise_19_the_key_replaces_and_withdraws
                promise_19_a_withdrawn_entry_comes_back_as_a_new_one_alone
                promise_20_a_claim_waits_and_then_takes_the_place
                promise_20_the_owner_is_told_and_ends_the_claim
                promise_20_without_proofs_nothing_but_the_key_takes_a_place
            }
            spending {
                promise_21_what_is_spent_is_spent_once_whatever_crashes
                promise_21_of_what_is_spent_together_one_is_first
                promise_21_what_is_spent_is_forgotten_after_its_last_day_and_not_before
                promise_21_a_purge_forgets_nothing_that_was_spent
                promise_22_strangers_fill_half_a_front_door
                promise_22_strangers_are_slowed_at_front_doors_alone
            }
        }
    };
}
pub(in crate::store) use contract;
