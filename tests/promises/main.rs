//! End-to-end guarantees of the onboarding, one file per guarantee.
//!
//! Each test runs the real engine, and where messages matter the real Lambda function, against
//! `onboarding_simulation::FakeOrganization`: an in-memory AWS organization with eventual consistency, quotas, sessions that
//! expire and fault injection. Time is virtual, so a test that waits for hours of backoff finishes in milliseconds.
#![cfg(test)]

mod common;

mod access_is_exact;
mod account_creation;
mod account_selection;
mod accounts_while_listing;
mod any_vendor_answer;
mod audit;
mod changed_configuration;
mod concurrent_runs;
mod configuration_with_files;
mod departures_are_confirmed;
mod diagnosis;
mod errors_of_the_caller;
mod every_partition;
mod external_id_rotation;
mod failures_are_isolated;
mod fault_injection_at_every_call;
mod first_deployment_changes_nothing;
mod function_fault_injection;
mod grants_end;
mod handoffs;
mod hostile_messages;
mod lambda;
mod log;
mod lost_departures;
mod many_accounts;
mod migration;
mod no_account_is_lost;
mod notifications;
mod only_confirmed_accounts;
mod other_access_roles;
mod other_envelopes;
mod own_access_is_kept;
mod panic;
mod placeholders;
mod plan_is_what_apply_calls;
mod quotas;
mod records;
mod registration;
mod registration_settings;
mod registrations_of_departed_accounts;
mod removal;
mod removal_of_registrations;
mod removed_from_configuration;
mod revocations_are_kept;
mod rollout;
mod sample_events;
mod second_run_makes_no_write;
mod secrets_are_cached;
mod secrets_stay_hidden;
mod sessions_and_round_trips;
mod sessions_are_revoked;
mod sweep_chunks;
mod take_over_during_a_run;
mod targets;
mod tenant_external_id;
mod through_the_management_account;
mod trust_audit;
mod undo;
mod units_and_dropped_roles;
mod unowned_role_is_left_alone;
mod unselected_is_removed;
mod waiting;
mod whole_organization;
