//! Eventual consistency of IAM.
//!
//! A read right after a write may return the state before the write, and reads may switch to the new state after a number
//! of reads or after some time. [`Lag`] sets both limits for an account, and a write becomes visible when both have passed.
//! Writes always act on the last written state, as in IAM: a second `CreateRole` fails with `EntityAlreadyExists` even while
//! `GetRole` still returns `NoSuchEntity`.
//!
//! A [`Record`] keeps the writes that are not yet visible in a queue. A later write that becomes visible discards the earlier
//! ones, so that reads never go back in time.
//!
//! Example: with `Lag { reads: 2, time: Duration::ZERO }`, the next two reads after a write return the old state, and the third
//! returns the new one.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::role_state::{Role, RoleState};
use onboarding_core::time::after;

/// How long reads of a role return the state before a write. A write becomes visible when both limits have passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    /// The number of reads of the role that still return the old state.
    pub reads: u32,
    /// For how long reads still return the old state.
    pub time: Duration,
}

/// The history of one role name in an account: the last written state, and what reads return.
///
/// INVARIANT: `visible`, followed by `pending` in order, are the successive states of the name; the last is `newest`.
#[derive(Default)]
pub(super) struct Record {
    newest: Option<Role>,
    visible: Option<Role>,
    pending: VecDeque<PendingWrite>,
    /// How many roles have had this name, for unique ids.
    pub(super) generation: u32,
}

struct PendingWrite {
    role: Option<Role>,
    reads: u32,
    at: SystemTime,
}

impl Record {
    /// The last written state, which writes act on.
    pub(super) fn newest(&self) -> Option<&Role> {
        self.newest.as_ref()
    }

    /// Replaces the newest state. Reads return it after the lag.
    pub(super) fn write(&mut self, role: Option<Role>, lag: Lag, now: SystemTime) {
        self.newest.clone_from(&role);
        self.pending.push_back(PendingWrite { role, reads: lag.reads, at: after(now, lag.time) });
        self.settle(now);
    }

    /// The state that a read returns now. Counts as one read.
    pub(super) fn read(&mut self, now: SystemTime) -> Option<Role> {
        self.settle(now);
        for write in &mut self.pending {
            write.reads = write.reads.saturating_sub(1);
        }
        self.visible.clone()
    }

    /// Changes all states immediately, for an effect that is not a write of the role itself.
    pub(super) fn rewrite(&mut self, change: impl Fn(&mut RoleState)) {
        let pending = self.pending.iter_mut().map(|write| &mut write.role);
        for role in pending.chain([&mut self.newest, &mut self.visible]).flatten() {
            change(&mut role.state);
        }
    }

    fn settle(&mut self, now: SystemTime) {
        // The last write that has become visible supersedes the earlier ones.
        while let Some(last) = self.pending.iter().rposition(|write| write.reads == 0 && now >= write.at) {
            if let Some(write) = self.pending.drain(..=last).next_back() {
                self.visible = write.role;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn role(description: &str) -> Option<Role> {
        let mut state = RoleState::trusting("{}");
        state.settings.description = description.to_owned();
        Some(Role { name: "r".parse().unwrap(), id: String::new(), created_at: UNIX_EPOCH, state })
    }

    fn seen(record: &mut Record, now: SystemTime) -> Option<String> {
        record.read(now).map(|role| role.state.settings.description)
    }

    #[test]
    fn write_without_lag_is_visible_immediately() {
        let mut record = Record::default();
        record.write(role("1"), Lag::default(), UNIX_EPOCH);
        assert_eq!(seen(&mut record, UNIX_EPOCH).as_deref(), Some("1"));
    }

    #[test]
    fn read_lag_returns_the_old_state_until_it_is_used_up() {
        let mut record = Record::default();
        let lag = Lag { reads: 2, time: Duration::ZERO };
        record.write(role("1"), lag, UNIX_EPOCH);
        assert_eq!(seen(&mut record, UNIX_EPOCH), None);
        record.write(role("2"), lag, UNIX_EPOCH);
        assert_eq!(record.newest().map(|role| role.state.settings.description.as_str()), Some("2"));
        assert_eq!(seen(&mut record, UNIX_EPOCH), None);
        assert_eq!(seen(&mut record, UNIX_EPOCH).as_deref(), Some("1"));
        assert_eq!(seen(&mut record, UNIX_EPOCH).as_deref(), Some("2"));
    }

    #[test]
    fn time_lag_returns_the_old_state_until_it_has_passed() {
        let mut record = Record::default();
        record.write(role("1"), Lag::default(), UNIX_EPOCH);
        let second_write = UNIX_EPOCH + Duration::from_secs(10);
        record.write(role("2"), Lag { reads: 0, time: Duration::from_secs(5) }, second_write);
        assert_eq!(seen(&mut record, second_write + Duration::from_millis(4900)).as_deref(), Some("1"));
        assert_eq!(seen(&mut record, second_write + Duration::from_secs(5)).as_deref(), Some("2"));
    }

    #[test]
    fn superseded_write_never_becomes_visible() {
        let mut record = Record::default();
        record.write(role("1"), Lag { reads: 9, time: Duration::ZERO }, UNIX_EPOCH);
        record.write(role("2"), Lag::default(), UNIX_EPOCH);
        for _ in 0..20 {
            assert_eq!(seen(&mut record, UNIX_EPOCH).as_deref(), Some("2"));
        }
    }
}
