//! Eventual consistency: a write is not promised to be seen by the next read.

use std::collections::VecDeque;

use super::role_state::{Role, RoleState};

/// How long reads of a role see what was there before a write.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Lag {
    /// For so many reads of the role.
    pub reads: u32,
    /// For so many seconds.
    pub seconds: f64,
}

/// A role name of an account: what is written there, and what reads see of it.
///
/// INVARIANT: `seen`, then `coming` in order, are the states that the name went through; the last is `newest`.
#[derive(Default)]
pub(super) struct Record {
    newest: Option<Role>,
    seen: Option<Role>,
    coming: VecDeque<Coming>,
    /// How many roles have had this name.
    pub(super) lives: u32,
}

struct Coming {
    role: Option<Role>,
    reads: u32,
    at: f64,
}

impl Record {
    /// What was written last; writes act on it.
    pub(super) fn newest(&self) -> Option<&Role> {
        self.newest.as_ref()
    }

    /// Replaces the newest state; readers see it later.
    pub(super) fn write(&mut self, role: Option<Role>, lag: Lag, now: f64) {
        self.newest.clone_from(&role);
        self.coming.push_back(Coming { role, reads: lag.reads, at: now + lag.seconds });
        self.arrive(now);
    }

    /// What a reader sees now.
    pub(super) fn read(&mut self, now: f64) -> Option<Role> {
        self.arrive(now);
        for coming in &mut self.coming {
            coming.reads = coming.reads.saturating_sub(1);
        }
        self.seen.clone()
    }

    /// Changes every state at once: something that is no write of the role itself.
    pub(super) fn rewrite(&mut self, change: impl Fn(&mut RoleState)) {
        let coming = self.coming.iter_mut().map(|coming| &mut coming.role);
        for role in coming.chain([&mut self.newest, &mut self.seen]).flatten() {
            change(&mut role.state);
        }
    }

    fn arrive(&mut self, now: f64) {
        // The last one that has arrived hides those before it.
        while let Some(last) = self.coming.iter().rposition(|coming| coming.reads == 0 && now >= coming.at) {
            if let Some(coming) = self.coming.drain(..=last).next_back() {
                self.seen = coming.role;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(description: &str) -> Option<Role> {
        let state = RoleState { description: description.to_owned(), ..RoleState::trusting("{}") };
        Some(Role { name: "r".parse().unwrap(), id: String::new(), born: 0.0, state })
    }

    fn seen(record: &mut Record, now: f64) -> Option<String> {
        record.read(now).map(|role| role.state.description)
    }

    #[test]
    fn without_lag_a_write_is_seen_at_once() {
        let mut record = Record::default();
        record.write(role("1"), Lag::default(), 0.0);
        assert_eq!(seen(&mut record, 0.0).as_deref(), Some("1"));
    }

    #[test]
    fn so_many_reads_see_the_old_state() {
        let mut record = Record::default();
        let lag = Lag { reads: 2, seconds: 0.0 };
        record.write(role("1"), lag, 0.0);
        assert_eq!(seen(&mut record, 0.0), None);
        record.write(role("2"), lag, 0.0);
        assert_eq!(record.newest().map(|role| role.state.description.as_str()), Some("2"));
        assert_eq!(seen(&mut record, 0.0), None);
        assert_eq!(seen(&mut record, 0.0).as_deref(), Some("1"));
        assert_eq!(seen(&mut record, 0.0).as_deref(), Some("2"));
    }

    #[test]
    fn time_alone_makes_a_write_visible_too() {
        let mut record = Record::default();
        record.write(role("1"), Lag::default(), 0.0);
        record.write(role("2"), Lag { reads: 0, seconds: 5.0 }, 10.0);
        assert_eq!(seen(&mut record, 14.9).as_deref(), Some("1"));
        assert_eq!(seen(&mut record, 15.0).as_deref(), Some("2"));
    }

    #[test]
    fn what_was_overtaken_never_comes_back() {
        let mut record = Record::default();
        record.write(role("1"), Lag { reads: 9, seconds: 0.0 }, 0.0);
        record.write(role("2"), Lag::default(), 0.0);
        for _ in 0..20 {
            assert_eq!(seen(&mut record, 0.0).as_deref(), Some("2"));
        }
    }
}
