//! Values that stand for what differs between accounts, and how they are found again in a text.

use crate::account::{Account, AccountId, AccountState, JoinMethod, Partition};
use crate::text::Untrusted;

/// The values that stand for the account, its partition and the external IDs. None of them occurs in the role that the documents
/// are made of.
pub(super) struct Symbols {
    account: AccountId,
    partition: Partition,
    external_ids: Vec<String>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    AccountId,
    Partition,
    /// The external ID with this index.
    ExternalId(usize),
}

impl Symbols {
    /// Values that do not occur in `text`, with this many external IDs. `None` if there are none, which a text of the allowed length
    /// rules out.
    pub(super) fn absent_from(text: &str, external_ids: usize) -> Option<Self> {
        let is_absent = |candidate: &String| !text.contains(candidate.as_str());
        let account = (0..10_000_u32).map(|number| format!("{number:012}")).find(is_absent)?;
        let partition = ('a'..='z').map(|letter| format!("aws-partition-{letter}")).find(is_absent)?;
        let external_id = ('a'..='z').map(|letter| format!("external-id-{letter}:")).find(is_absent)?;
        Some(Self {
            account: account.parse().ok()?,
            partition: partition.parse().ok()?,
            // The last character is a colon, so that no symbol contains another.
            external_ids: (0..external_ids).map(|index| format!("{external_id}{index}:")).collect(),
        })
    }

    /// An account with these values.
    pub(super) fn account(&self) -> Account {
        Account {
            id: self.account.clone(),
            name: Untrusted::default(),
            state: AccountState::Active,
            joined_at: None,
            joined: JoinMethod::Unknown,
            management: self.account.clone(),
            partition: self.partition.clone(),
            ou_path: None,
        }
    }

    pub(super) fn external_ids(&self) -> &[String] {
        &self.external_ids
    }

    /// The parts of a text.
    pub(super) fn pieces(&self, text: &str) -> Vec<Piece> {
        let fixed = [(self.account.as_str(), Piece::AccountId), (self.partition.as_str(), Piece::Partition)];
        let ids = self.external_ids.iter().enumerate().map(|(index, id)| (id.as_str(), Piece::ExternalId(index)));
        let symbols: Vec<_> = fixed.into_iter().chain(ids).collect();
        let mut pieces = Vec::new();
        let mut rest = text;
        loop {
            let found = symbols.iter().filter_map(|(symbol, piece)| Some((rest.find(symbol)?, symbol, piece)));
            let Some((_, symbol, piece)) = found.min_by_key(|(at, ..)| *at) else { break };
            let Some((before, after)) = rest.split_once(symbol) else { break };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(piece.clone());
            rest = after;
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_do_not_occur_in_the_text_and_are_found_again() {
        let text = "000000000000 aws-partition-a external-id-a:";
        let symbols = Symbols::absent_from(text, 12).unwrap();
        assert_eq!(symbols.pieces(text), [Piece::Text(text.to_owned())]);
        let account = symbols.account();
        let ids = symbols.external_ids();
        let both = format!("arn:{}:iam::{}:x{}{}", account.partition, account.id, ids[1], ids[11]);
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            symbols.pieces(&both),
            [
                text("arn:"),
                Piece::Partition,
                text(":iam::"),
                Piece::AccountId,
                text(":x"),
                Piece::ExternalId(1),
                Piece::ExternalId(11)
            ]
        );
        assert_eq!(symbols.pieces(""), [text("")]);
    }
}
