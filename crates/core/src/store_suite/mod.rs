//! The contract of [`store`](crate::store) as tests; every backend runs all of them, each under its own name:
//!
//! ```ignore
//! async fn make() -> (TempDir, Arc<dyn Store>) { … } // an empty store, and what must outlive it
//!
//! countersign_core::store_suite!(make);
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests, though they are compiled as a library; their names are sentences"
)]

pub mod accounts;
pub mod audit;
pub mod clients;
pub mod deployment;
pub mod ending;
mod fixtures;
pub mod grants;
pub mod keys;
pub mod logouts;
pub mod model;
pub mod password;
pub mod pushed_requests;
pub mod races;
pub mod resources;
pub mod revocations;
pub mod rotation;
pub mod self_described;
pub mod sessions;

/// Makes a `#[tokio::test]` of every behaviour. `$make` is an async function without arguments that gives an empty
/// store (`Arc<dyn Store>`), and beside it whatever must live as long.
#[macro_export]
macro_rules! store_suite {
    ($make:ident) => {
        $crate::store_suite! { $make:
            accounts {
                an_account_reads_back_as_it_was_made
                a_login_is_taken_whatever_its_letter_case
                accounts_are_listed_by_login_each_once
                a_change_that_expects_something_else_loses
                roles_and_attributes_change_from_what_was_read
                a_change_that_ends_sessions_ends_all_and_raises_the_floor
                a_removed_account_leaves_its_sessions
            }
            audit {
                an_event_reads_back_as_it_was_told
                events_are_listed_newest_first_by_filter
                events_are_listed_by_client_and_time_in_either_order
                an_alarm_is_told_once_in_a_while
                what_is_old_is_forgotten
            }
            clients {
                a_client_reads_back_as_it_was_registered
                an_id_is_taken_once_and_the_built_in_one_never_given
                clients_are_listed_by_id_each_once
                a_secret_is_replaced_by_whoever_saw_the_one_before
                a_disabled_clients_sessions_end_and_its_revocation_is_published
                a_machine_that_is_no_active_client_opens_no_session
                an_enabled_client_is_refused_until_its_revocation_is_forgotten
                a_removed_client_is_gone_and_refused
            }
            self_described {
                a_client_that_registers_itself_is_there_and_nothing_is_told
                too_many_unused_ones_make_room_where_most_come_from
                a_use_is_told_once_and_takes_the_client_out_of_the_unused
                a_described_client_becomes_a_row_when_it_is_used_and_follows_its_document
                what_an_operator_registered_or_disabled_is_not_described_anew
                what_nobody_uses_is_forgotten_with_its_consents_and_the_rest_stays
            }
            deployment {
                a_deployment_is_founded_once
                an_issuer_is_replaced_by_whoever_knows_it
                a_session_belongs_to_the_epoch_in_which_its_generation_was_written
                sessions_that_do_not_go_on_end_with_the_epoch_whatever_their_rows_say
                what_is_over_is_swept_without_a_word
                a_probe_writes
            }
            ending {
                a_session_ends_once
                somebody_elses_session_does_not_end
                all_of_an_account_end_and_its_floor_rises
                all_but_one_end_and_the_floor_rises
                all_at_a_client_end
                all_there_are_end
                children_end_with_their_parent_unless_offline
                the_spared_session_survives_its_parent
                a_revocation_lasts_as_long_as_a_token_may
                what_has_no_living_token_publishes_nothing
                an_ending_is_told_only_if_something_ended
            }
            grants {
                a_client_reads_back_with_its_redirect_uris_and_keys
                a_code_reads_back_as_it_was_saved
                a_code_opens_one_session_and_names_it_ever_after
                of_16_redemptions_of_one_code_one_is_first
                a_code_whose_ground_is_gone_opens_nothing
                a_code_is_forgotten_once_nobody_needs_to_see_its_second_use
                a_consent_is_replaced_by_the_next_and_goes_with_its_client
            }
            keys {
                a_new_ring_is_empty
                a_ring_reads_back_as_it_was_changed
                of_two_changes_from_one_version_one_wins
                keys_that_are_gone_are_gone
                a_change_publishes_and_tells_in_its_commit
            }
            logouts {
                a_client_reads_back_with_what_it_hears_of_sign_outs
                whoever_has_to_be_told_is_written_down_with_the_end
                each_reason_is_told_or_not
                children_and_bulk_endings_are_told_too
                a_client_that_is_removed_hears_of_it
                what_is_claimed_is_nobody_elses_until_the_lease_is_over
                what_failed_is_due_again_when_it_was_said
                one_client_does_not_hold_up_another
                what_is_too_old_is_given_up_and_told_once_a_client
            }
            model {
                any_sequence_of_changes_leaves_a_session_as_the_contract_says
            }
            password {
                a_change_ends_the_others_and_renews_its_own
                a_change_from_an_older_version_loses
                a_change_whose_session_moved_changes_nothing
                a_change_without_a_session_ends_all
            }
            pushed_requests {
                a_pushed_request_reads_back_as_it_was_pushed
                a_browser_begins_a_pushed_request_once
                a_code_is_the_end_of_its_pushed_request
                of_16_codes_of_one_pushed_request_one_is_saved
                a_client_has_so_many_pushed_requests_and_no_more
                pushed_requests_that_are_over_are_forgotten
            }
            races {
                of_64_rotations_of_one_generation_one_wins
                of_64_endings_of_one_session_one_ends_it
                no_session_opened_beside_an_ending_survives_it
                of_16_sign_ups_with_one_login_one_wins
                numbers_are_given_without_a_gap_by_all_who_publish
            }
            resources {
                a_resource_reads_back_as_it_was_added
                a_uri_is_taken_once
                resources_are_listed_by_uri_each_once
                the_longest_lifetime_is_found
                a_removed_resource_is_gone
            }
            revocations {
                entries_are_numbered_in_order_without_a_gap
                what_is_named_is_revoked
                what_no_token_can_need_is_forgotten_but_its_number_is_not
                an_empty_publication_moves_nothing
                the_digest_is_that_of_all_that_was_ever_said
                another_epoch_says_again_what_still_matters_and_what_was_lost
                who_waits_for_a_change_misses_none
            }
            rotation {
                a_rotation_writes_all_that_it_says
                a_rotation_without_a_retry_key_forgets_the_one_before
                a_new_secret_keeps_the_one_before_as_replaced
                the_last_four_networks_are_kept_newest_first
                whoever_saw_an_older_state_loses
                what_is_over_does_not_rotate
                a_token_written_ahead_is_never_taken_back
                a_repetition_counts_from_what_was_read
                holding_a_live_session_covers_the_token
                holding_moves_the_idle_expiry_forward
                what_is_over_is_not_held
            }
            sessions {
                a_session_reads_back_as_it_was_opened
                a_machines_session_has_no_account
                a_machine_is_found_with_its_newest_live_session
                a_session_is_read_with_what_the_rule_asks_about_it
                an_unknown_session_is_none
                a_raised_floor_refuses_the_session
                a_disabled_or_removed_account_opens_none
                an_ended_parent_opens_none
                one_too_many_ends_the_least_recently_refreshed
                what_is_over_leaves_room
                sessions_are_listed_newest_first_each_once
                sessions_are_listed_by_filter
                live_sessions_are_counted_part_by_part
                a_cursor_that_no_list_gave_finds_nothing
            }
        }
    };
    ($make:ident: $($topic:ident { $($behaviour:ident)* })*) => {
        $(mod $topic {
            $(#[tokio::test]
            async fn $behaviour() {
                let (_kept, store) = super::$make().await;
                $crate::store_suite::$topic::$behaviour(&*store).await;
            })*
        })*
    };
}

/// A behaviour that is not in the list would never run.
#[cfg(test)]
#[test]
fn every_behaviour_is_in_the_list() {
    const LIST: &str = include_str!("mod.rs");
    const TOPICS: [&str; 16] = [
        include_str!("accounts.rs"),
        include_str!("audit.rs"),
        include_str!("clients.rs"),
        include_str!("deployment.rs"),
        include_str!("ending.rs"),
        include_str!("grants.rs"),
        include_str!("keys.rs"),
        include_str!("logouts.rs"),
        include_str!("model.rs"),
        include_str!("password.rs"),
        include_str!("races.rs"),
        include_str!("resources.rs"),
        include_str!("revocations.rs"),
        include_str!("rotation.rs"),
        include_str!("self_described.rs"),
        include_str!("sessions.rs"),
    ];
    for name in TOPICS.iter().flat_map(|topic| topic.split("pub async fn ").skip(1)) {
        let name = name.split('(').next().unwrap();
        assert!(LIST.lines().any(|line| line.trim() == name), "{name} never runs");
    }
}
