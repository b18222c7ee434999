//! The promises of the house, each in a file of its own, held by the real engine on the simulated organization.
//!
//! Time is virtual: nothing here sleeps.
#![cfg(test)]

mod common;

mod at_the_same_moment;
mod diagnosis;
mod fault_at_every_call;
mod foreign_role_is_left_alone;
mod function_faults;
mod hostile_messages;
mod intercept;
mod lambda;
mod log;
mod no_account_is_lost;
mod one_bad_one_harms_no_other;
mod only_confirmed_accounts;
mod panic;
mod plan_is_what_apply_calls;
mod registration;
mod samples;
mod second_run_makes_no_write;
mod secrets_stay_hidden;
mod sessions_and_round_trips;
mod telling;
mod waiting;
mod who_may_enter;
