//! Faults at every call: a run without faults gives the sequence of calls, and the run is repeated with a fault at each of
//! them.

use std::collections::BTreeSet;
use std::fmt;

use onboarding_simulation::{Injection, Script};

/// The kinds of faults that the function handles differently; each of the others is equivalent to one of these.
pub(crate) const DISTINCT_INJECTIONS: [Injection; 5] = [
    Injection::Throttle,
    Injection::AccessDenied,
    Injection::TimeoutAfter,
    Injection::CrashBefore,
    Injection::CrashAfter,
];

/// A fault at one call of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    /// The position of the call in the run, counted from zero.
    pub(crate) index: usize,
    pub(crate) call: &'static str,
    pub(crate) injection: Injection,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}, {}", self.injection, self.index, self.call)
    }
}

impl Fault {
    /// Only the call fails.
    pub(crate) fn script(&self) -> Script {
        Script::at(self.index, self.injection)
    }

    /// The call fails, and so do those after it.
    pub(crate) fn script_for(&self, consecutive_calls: usize) -> Script {
        Script::during(self.index, consecutive_calls, self.injection)
    }
}

/// The faults at every call of a run, of the kinds that are chosen for each index and call.
pub(crate) fn faults_at(
    calls: &[&'static str],
    kinds: impl Fn(usize, &str) -> &'static [Injection],
) -> impl Iterator<Item = Fault> {
    calls.iter().enumerate().flat_map(move |(index, call)| {
        kinds(index, call).iter().map(move |injection| Fault { index, call, injection: *injection })
    })
}

/// Fixes the jitter of the backoff, so that every run makes the same calls up to its fault.
pub(crate) fn fix_jitter() {
    fastrand::seed(7);
}

/// The lines of a snapshot.
pub(crate) fn lines(lines: BTreeSet<String>) -> String {
    lines.into_iter().collect::<Vec<_>>().join("\n")
}
