//! The SSM parameter with the configuration, as `onboard config pull` and `push` use it.

use aws_sdk_ssm::types::{ParameterStringFilter, ParameterTier as WireTier, ParameterType};

use super::Aws;
use super::error::malformed;
use super::parameters::kind;
use onboarding_core::config::deployed::ParameterTier;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_engine::ports::{
    NewParameter, ParameterKind, ParameterSettings, ParameterStore, ParameterWrite, StoredParameter,
};

impl ParameterStore for Aws {
    async fn stored_parameter(&self, name: &str) -> Result<Option<StoredParameter>, ApiError> {
        const CALL: &str = "ssm:GetParameter";
        let get = self.ssm.get_parameter().name(name).with_decryption(true);
        let found = match get.send().await.map_err(self.caller_error(CALL)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            result => result?.parameter.ok_or_else(|| malformed(CALL, "parameter"))?,
        };
        let kind = kind(found.r#type.as_ref());
        let version = found.version;
        let value = found.value.ok_or_else(|| malformed(CALL, "value"))?.into();
        Ok(Some(StoredParameter { value, kind, version }))
    }

    async fn parameter_settings(&self, name: &str) -> Result<Option<ParameterSettings>, ApiError> {
        const CALL: &str = "ssm:DescribeParameters";
        let filter = ParameterStringFilter::builder().key("Name").option("Equals").values(name).build();
        let filter = filter.map_err(|_| malformed(CALL, "filter"))?;
        let describe = self.ssm.describe_parameters().parameter_filters(filter);
        let found = describe.send().await.map_err(self.caller_error(CALL))?.parameters.unwrap_or_default();
        let found = found.into_iter().find(|parameter| parameter.name.as_deref() == Some(name));
        Ok(found.map(|parameter| {
            let tier = match parameter.tier {
                Some(WireTier::Advanced) => ParameterTier::Advanced,
                Some(WireTier::IntelligentTiering) => ParameterTier::IntelligentTiering,
                _ => ParameterTier::Standard,
            };
            ParameterSettings { tier, key: parameter.key_id }
        }))
    }

    async fn put_parameter(&self, new: &NewParameter<'_>) -> Result<i64, ApiError> {
        const CALL: &str = "ssm:PutParameter";
        let kind = match new.kind {
            ParameterKind::Secure => ParameterType::SecureString,
            ParameterKind::Plain => ParameterType::String,
            ParameterKind::List => ParameterType::StringList,
        };
        let tier = match new.tier {
            ParameterTier::Standard => WireTier::Standard,
            ParameterTier::Advanced => WireTier::Advanced,
            ParameterTier::IntelligentTiering => WireTier::IntelligentTiering,
        };
        let put = self.ssm.put_parameter().name(new.name).value(new.value).r#type(kind).tier(tier);
        let put = put.set_key_id(new.key.map(str::to_owned)).overwrite(new.write == ParameterWrite::Overwrite);
        put.send().await.map(|put| put.version).map_err(self.caller_error(CALL))
    }

    async fn delete_parameters(&self, names: &[&str]) -> Result<(), ApiError> {
        const CALL: &str = "ssm:DeleteParameters";
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        // Those that do not exist are named in the response: another caller deleted them.
        let delete = self.ssm.delete_parameters().set_names(Some(names));
        delete.send().await.map(|_| ()).map_err(self.caller_error(CALL))
    }
}
