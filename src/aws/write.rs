//! Writes IAM in one account. Every change is exactly one API call.
//!
//! Creating and deleting cannot be repeated: a second attempt fails with "already exists" or "not found". These calls
//! have an [`AmbiguousAttempt`] interceptor. The other calls set a value and are idempotent.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_iam::error::BuildError;
use aws_sdk_iam::types::Tag;

use super::ambiguous::AmbiguousAttempt;
use super::error::api_error;
use super::iam::IamSession;
use onboarding_core::error::ApiError;
use onboarding_core::plan::{Action, Change, NewRole};
use onboarding_core::policy::REVOCATION_POLICY;
use onboarding_core::role_id::RoleId;
use onboarding_engine::ports::WriteIam;

impl WriteIam for IamSession {
    async fn execute(&self, change: &Change) -> Result<Option<RoleId>, ApiError> {
        match &change.action {
            Action::CreateRole(new) => self.create(change.role.as_str(), new).await,
            _ => self.update(change).await.map(|()| None),
        }
    }
}

impl IamSession {
    /// Changes a role that exists.
    async fn update(&self, change: &Change) -> Result<(), ApiError> {
        let iam = &self.iam;
        let call = change.call();
        let role = change.role.as_str();
        let attempt = AmbiguousAttempt::default();
        match &change.action {
            Action::UpdateTrust { after, .. } => {
                // The text of an earlier trust policy is restored byte for byte.
                let update = iam.update_assume_role_policy().role_name(role).policy_document(after.to_text());
                update.send().await.map(drop).map_err(api_error(call))
            }
            Action::DeleteRole(_) => {
                let delete = iam.delete_role().role_name(role);
                let sent = delete.customize().interceptor(attempt.clone()).send().await;
                sent.map(drop).map_err(api_error(call)).map_err(|error| attempt.classify(error))
            }
            Action::UpdateRole { after, .. } => {
                let update = iam.update_role().role_name(role).description(&after.description);
                let update = update.max_session_duration(seconds(after.max_session));
                update.send().await.map(drop).map_err(api_error(call))
            }
            Action::PutPolicy { name, after, .. } => {
                let put = iam.put_role_policy().role_name(role).policy_name(name).policy_document(after.to_json());
                put.send().await.map(drop).map_err(api_error(call))
            }
            Action::RevokeSessions(revocation) => {
                let put = iam.put_role_policy().role_name(role).policy_name(REVOCATION_POLICY);
                let put = put.policy_document(revocation.after.to_json());
                put.send().await.map(drop).map_err(api_error(call))
            }
            Action::DeletePolicy { name, .. } => {
                let delete = iam.delete_role_policy().role_name(role).policy_name(name);
                let sent = delete.customize().interceptor(attempt.clone()).send().await;
                sent.map(drop).map_err(api_error(call)).map_err(|error| attempt.classify(error))
            }
            Action::Attach(arn) => {
                let attach = iam.attach_role_policy().role_name(role).policy_arn(arn);
                attach.send().await.map(drop).map_err(api_error(call))
            }
            Action::Detach(arn) => {
                let detach = iam.detach_role_policy().role_name(role).policy_arn(arn);
                let sent = detach.customize().interceptor(attempt.clone()).send().await;
                sent.map(drop).map_err(api_error(call)).map_err(|error| attempt.classify(error))
            }
            Action::PutBoundary { after, .. } => {
                let put = iam.put_role_permissions_boundary().role_name(role).permissions_boundary(after);
                put.send().await.map(drop).map_err(api_error(call))
            }
            Action::DeleteBoundary(_) => {
                let delete = iam.delete_role_permissions_boundary().role_name(role);
                let sent = delete.customize().interceptor(attempt.clone()).send().await;
                sent.map(drop).map_err(api_error(call)).map_err(|error| attempt.classify(error))
            }
            Action::Tag(wanted) => {
                let tag = iam.tag_role().role_name(role).set_tags(Some(tags(call, wanted)?));
                tag.send().await.map(drop).map_err(api_error(call))
            }
            Action::Untag(keys) => {
                let untag = iam.untag_role().role_name(role).set_tag_keys(Some(keys.iter().cloned().collect()));
                untag.send().await.map(drop).map_err(api_error(call))
            }
            Action::CreateRole(_) | Action::Register(_) | Action::Deregister(_) => {
                Err(ApiError::new(call, "InvalidAction", "this does not change an existing role"))
            }
        }
    }

    /// Creates a role and returns its unique ID, if the response has one.
    async fn create(&self, role: &str, new: &NewRole) -> Result<Option<RoleId>, ApiError> {
        const CALL: &str = "iam:CreateRole";
        let attempt = AmbiguousAttempt::default();
        let settings = &new.settings;
        let create = self.iam.create_role().role_name(role).path(&settings.path).description(&settings.description);
        let create = create
            .max_session_duration(seconds(settings.max_session))
            .set_permissions_boundary(settings.boundary.clone())
            .set_tags(Some(tags(CALL, &settings.tags)?))
            .assume_role_policy_document(new.trust.to_json());
        let sent = create.customize().interceptor(attempt.clone()).send().await;
        let response = sent.map_err(api_error(CALL)).map_err(|error| attempt.classify(error))?;
        Ok(response.role().and_then(|role| role.role_id().parse().ok()))
    }
}

/// A duration as IAM takes it. None that passed the configuration is longer than twelve hours.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn tags(call: &'static str, tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, ApiError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let built: Result<_, BuildError> = tags.iter().map(tag).collect();
    built.map_err(|error| ApiError::new(call, "Client", &error.to_string()))
}
