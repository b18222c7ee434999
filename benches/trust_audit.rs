//! How long the analysis of `onboard audit --trust` takes: 500,000 roles, of which 25 can be assumed from outside.
//!
//! ```text
//! cargo run --release --example trust-audit
//! ```

#[path = "planted_roles.rs"]
mod planted_roles;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use onboarding_core::trust_audit::TrustAnalyzer;

use planted_roles::{ROLES_PER_ACCOUNT, organization, role};

const ROLES: usize = 500_000;

fn main() -> Result<()> {
    let mut analyzer = TrustAnalyzer::new(organization(ROLES / ROLES_PER_ACCOUNT));
    let mut analysis = Duration::ZERO;
    let (mut found, mut planted) = (BTreeSet::new(), BTreeSet::new());
    let mut length = 0;
    for number in 0..ROLES {
        let (role, is_planted) = role(number, ROLES);
        length += role.trust.len();
        if is_planted {
            planted.insert(role.arn.clone());
        }
        let start = Instant::now();
        let findings = analyzer.findings(&role);
        analysis += start.elapsed();
        ensure!(findings.is_ok(), "{}", role.arn);
        if findings.is_ok_and(|findings| !findings.is_empty()) {
            found.insert(role.arn);
        }
    }
    let false_findings = found.difference(&planted).count();
    let missed = planted.difference(&found).count();
    println!(
        "{ROLES} roles of {} accounts, {} MB of trust policies: {} of {} found, {missed} missed, {false_findings} false, in {:.1} s",
        ROLES / ROLES_PER_ACCOUNT,
        length / 1_000_000,
        found.intersection(&planted).count(),
        planted.len(),
        analysis.as_secs_f64(),
    );
    ensure!(missed == 0 && false_findings == 0, "the analysis is wrong");
    Ok(())
}
