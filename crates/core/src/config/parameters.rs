//! The SSM parameters of one configuration, each of which has one use.

use std::collections::BTreeMap;

use crate::toml_reader::Value;

/// What the value of a parameter is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterUse {
    ExternalId,
    ApiKey,
}

impl ParameterUse {
    fn as_str(self) -> &'static str {
        match self {
            Self::ExternalId => "an external ID",
            Self::ApiKey => "an API key",
        }
    }
}

/// The parameters that are in use, each with its first use and the place of it.
#[derive(Default)]
pub(super) struct Parameters(BTreeMap<String, (ParameterUse, String)>);

impl Parameters {
    /// Records a use; records a problem at `value` if the parameter already has another one. An external ID is part of
    /// trust policies, where everybody who can read the role can see it; an API key must not get there.
    pub(super) fn reserve(&mut self, name: &str, used_as: ParameterUse, value: &Value<'_>) {
        let line = value.source().line_of(&value.span());
        let (first, at) = self.0.entry(name.to_owned()).or_insert_with(|| (used_as, line));
        if *first != used_as {
            value.problem(format!(
                "the SSM parameter `{name}` is already used as {} ({at}) and cannot be {} as well; use separate parameters",
                first.as_str(),
                used_as.as_str()
            ));
        }
    }
}
