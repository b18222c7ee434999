//! The organizational units of a group of accounts: `Workloads/Prod (12), Workloads/Dev (7)`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::group::Member;
use crate::suggestion::thousands;

/// How many units are named.
const NAMED: usize = 5;

/// The units that the accounts are in, each with the number of accounts, the largest number first. `None` for a single account,
/// and if no unit is known.
pub(super) fn units_of(members: &[Member]) -> Option<String> {
    if members.len() < 2 {
        return None;
    }
    // Units are distinguished by their IDs: the names of two may look the same.
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for unit in members.iter().filter_map(|member| member.unit.as_deref()) {
        *counts.entry(unit).or_default() += 1;
    }
    if counts.is_empty() {
        return None;
    }
    let known: usize = counts.values().sum();
    let mut units: Vec<_> = counts.into_iter().map(|(unit, count)| (unit.to_string(), count)).collect();
    units.sort_by(|(path, count), (other, others)| (Reverse(count), path).cmp(&(Reverse(others), other)));
    // One more unit is as long as the words that there is one more.
    let shown = if units.len() > NAMED + 1 { NAMED } else { units.len() };
    let hidden = units.len() - shown;
    let parts: Vec<_> =
        units.iter().take(shown).map(|(path, count)| format!("{path} ({})", thousands(*count))).collect();
    let mut text = format!("in {}", parts.join(", "));
    if hidden > 0 {
        text += &format!(" and {} more units", thousands(hidden));
    }
    match members.len() - known {
        0 => {}
        unknown => text += &format!(", unit not known ({})", thousands(unknown)),
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::group::AccountName;
    use super::*;
    use crate::organizational_unit::ShownUnit;

    /// Accounts, this many in each unit; a unit without a name is not known.
    fn members(units: &[(&str, usize)]) -> Vec<Member> {
        let mut members = Vec::new();
        for (index, (name, count)) in units.iter().enumerate() {
            let id = format!("ou-ab12-{index:08}").parse().unwrap();
            let unit = Arc::new(ShownUnit::new(id, &[(*name).into()]));
            for _ in 0..*count {
                let id = format!("{:012}", members.len()).parse().unwrap();
                let unit = (!name.is_empty()).then(|| unit.clone());
                members.push(Member { account: AccountName { id, name: "a".to_owned() }, unit });
            }
        }
        members
    }

    fn text(units: &[(&str, usize)]) -> String {
        units_of(&members(units)).unwrap_or_default()
    }

    #[test]
    fn units_are_counted_and_those_with_most_accounts_come_first() {
        assert_eq!(text(&[("Dev", 7), ("Prod", 1_200), ("Acme", 7)]), "in Prod (1,200), Acme (7), Dev (7)");
        assert_eq!(text(&[("Prod", 2)]), "in Prod (2)");
        assert_eq!(text(&[("Same", 2), ("Same", 1)]), "in Same (2), Same (1)");
    }

    #[test]
    fn many_units_are_cut() {
        let units: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(|name| (name, 2)).to_vec();
        assert_eq!(text(&units), "in a (2), b (2), c (2), d (2), e (2) and 5 more units");
        assert_eq!(text(&units[..6]), "in a (2), b (2), c (2), d (2), e (2), f (2)");
    }

    #[test]
    fn units_that_are_not_known_are_counted() {
        assert_eq!(text(&[("Prod", 2), ("", 3)]), "in Prod (2), unit not known (3)");
        assert_eq!(text(&[("", 3)]), "");
    }

    #[test]
    fn single_account_and_names_with_control_characters() {
        assert_eq!(text(&[("Prod", 1)]), "");
        assert_eq!(text(&[("a\u{1b}[2J\r\nerror: b", 2)]), "in a?[2J  error: b (2)");
    }
}
