//! Who can assume what, as lines. The summary has one line for each caller of a role whose proofs all hold.

use std::mem::discriminant;

use super::detail::Detail;
use crate::lines::{Line, Mark, Style, widest};
use crate::plan::{Presented, Proof, ProofSubject};

/// The proofs below a title; nothing if there are none.
pub(crate) fn proof_lines(proofs: &[Proof], title: &str, detail: Detail) -> Vec<Line> {
    if proofs.is_empty() {
        return Vec::new();
    }
    let title = Line::at(0).styled(Style::Strong, title);
    let mut lines = vec![Line::blank(), title.styled(Style::Faint, " (configured principals; others are not listed)")];
    let width = widest(proofs.iter().map(|proof| proof.role.as_str()));
    let row = |proof: &Proof, text: &str| {
        let mark = match proof.holds {
            Some(true) => Mark::Holds,
            Some(false) => Mark::Fails,
            None => Mark::Unknown,
        };
        Line::at(2).mark(mark).column(Style::Plain, &proof.role, width).text(text)
    };
    let is_same = |a: &Proof, b: &Proof| {
        a.role == b.role && a.who == b.who && discriminant(&a.subject) == discriminant(&b.subject)
    };
    for caller in proofs.chunk_by(is_same) {
        match summary(caller).filter(|_| detail == Detail::Summary) {
            Some((proof, text)) => lines.push(row(proof, &text)),
            None => lines.extend(caller.iter().map(|proof| row(proof, &proof.sentence))),
        }
    }
    lines
}

/// The proofs of one caller in one phrase, if all hold.
fn summary(caller: &[Proof]) -> Option<(&Proof, String)> {
    let first = caller.first().filter(|_| caller.iter().all(Proof::is_proven))?;
    let conditions = match &first.subject {
        ProofSubject::Access { conditions, .. } => conditions,
        ProofSubject::Registration => return Some((first, format!("registered with {}", first.who))),
        ProofSubject::Removal => return Some((first, first.sentence.clone())),
    };
    let presents = |wanted: fn(Presented) -> bool| {
        let presented = |proof: &Proof| match proof.subject {
            ProofSubject::Access { presented, .. } => wanted(presented),
            ProofSubject::Registration | ProofSubject::Removal => false,
        };
        caller.iter().any(presented)
    };
    let external_id = if !presents(|presented| presented == Presented::None) {
        ""
    } else if presents(|presented| presented == Presented::Matching) {
        ", only with an external ID that matches its pattern"
    } else if presents(|presented| matches!(presented, Presented::Nth(_))) {
        ", only with one of its external IDs"
    } else {
        ", only with its external ID"
    };
    Some((first, format!("{}{external_id}{conditions}", first.who)))
}
